// OpenRouter's own client. Its list of models is of those that say what OpenRouter's say.
import { OpenRouter } from "@openrouter/sdk";
import { CALLING, ENDLESS, KEY, LONG, PLAIN, QUESTION, URL, stay, tell } from "./telling.mjs";

const client = (apiKey = KEY) => new OpenRouter({ apiKey, serverURL: URL, retryConfig: { strategy: "none" } });
const send = (body, apiKey) => client(apiKey).chat.send({ chatRequest: body });
const asked = [{ role: "user", content: QUESTION }];
const tools = [{ type: "function", function: { name: "get_weather", parameters: { type: "object" } } }];

await tell({
  ask: async () => (await send({ model: PLAIN, messages: asked })).choices[0].message.content,
  stream: async () => {
    let text = "";
    for await (const chunk of await send({ model: PLAIN, messages: asked, stream: true }))
      text += chunk.choices[0]?.delta?.content ?? "";
    return text;
  },
  tool: async () => {
    const { message } = (await send({ model: CALLING, messages: asked, tools })).choices[0];
    const call = message.toolCalls[0];
    const result = { role: "tool", toolCallId: call.id, content: `rain in ${JSON.parse(call.function.arguments).city}` };
    return (await send({ model: CALLING, messages: [...asked, message, result], tools })).choices[0].message.content;
  },
  key: async () => (await send({ model: PLAIN, messages: asked }, "wrong")).choices,
  cancel: async () => {
    const stream = await send({ model: ENDLESS, messages: asked, stream: true });
    for await (const _ of stream) break;
    return stay();
  },
  long: async () => {
    const messages = [];
    for (let number = 0; number < LONG; number++) {
      messages.push({ role: "user", content: `long ${number}` });
      messages.push((await send({ model: PLAIN, messages })).choices[0].message);
    }
    return messages.length;
  },
});
