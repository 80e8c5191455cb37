// LlamaIndex's model for servers that speak OpenAI's API, of npm.
import { OpenAI } from "@llamaindex/openai";
import { CALLING, ENDLESS, KEY, LONG, PLAIN, QUESTION, URL, stay, tell } from "./telling.mjs";

const model = (name = PLAIN, apiKey = KEY) => new OpenAI({ model: name, apiKey, baseURL: URL, maxRetries: 0 });
const asked = [{ role: "user", content: QUESTION }];
const metadata = { name: "get_weather", description: "Return the weather.", parameters: { type: "object" } };
const tools = [{ metadata, call: ({ city }) => `rain in ${city}` }];

await tell({
  ask: async () => (await model().chat({ messages: asked })).message.content,
  stream: async () => {
    let text = "";
    for await (const chunk of await model().chat({ messages: asked, stream: true })) text += chunk.delta;
    return text;
  },
  tool: async () => {
    const { message } = await model(CALLING).chat({ messages: asked, tools });
    const [call] = message.options.toolCall;
    const toolResult = { id: call.id, result: await tools[0].call(call.input), isError: false };
    const result = { role: "user", content: toolResult.result, options: { toolResult } };
    return (await model(CALLING).chat({ messages: [...asked, message, result], tools })).message.content;
  },
  key: async () => (await model(PLAIN, "wrong").chat({ messages: asked })).message.content,
  cancel: async () => {
    for await (const _ of await model(ENDLESS).chat({ messages: asked, stream: true })) break;
    return stay();
  },
  long: async () => {
    const messages = [];
    for (let number = 0; number < LONG; number++) {
      messages.push({ role: "user", content: `long ${number}` });
      messages.push((await model().chat({ messages })).message);
    }
    return messages.length;
  },
});
