// The `openai` package of npm.
import OpenAI from "openai";
import { CALLING, ENDLESS, KEY, LONG, PLAIN, QUESTION, URL, stay, tell } from "./telling.mjs";

const client = new OpenAI({ baseURL: URL, apiKey: KEY, maxRetries: 0 });
const asked = [{ role: "user", content: QUESTION }];
const tools = [{ type: "function", function: { name: "get_weather", parameters: { type: "object" } } }];
const create = (body) => client.chat.completions.create(body);

await tell({
  list: async () => (await client.models.list()).data.map((model) => model.id),
  ask: async () => (await create({ model: PLAIN, messages: asked })).choices[0].message.content,
  stream: async () => {
    let text = "";
    for await (const chunk of await create({ model: PLAIN, messages: asked, stream: true }))
      text += chunk.choices[0]?.delta?.content ?? "";
    return text;
  },
  tool: async () => {
    const { message } = (await create({ model: CALLING, messages: asked, tools })).choices[0];
    const call = message.tool_calls[0];
    const result = { role: "tool", tool_call_id: call.id, content: `rain in ${JSON.parse(call.function.arguments).city}` };
    return (await create({ model: CALLING, messages: [...asked, message, result], tools })).choices[0].message.content;
  },
  key: async () => (await new OpenAI({ baseURL: URL, apiKey: "wrong", maxRetries: 0 }).models.list()).data,
  cancel: async () => {
    const stream = await create({ model: ENDLESS, messages: asked, stream: true });
    for await (const _ of stream) break;
    stream.controller.abort();
    return stay();
  },
  long: async () => {
    const messages = [];
    for (let number = 0; number < LONG; number++) {
      messages.push({ role: "user", content: `long ${number}` });
      messages.push((await create({ model: PLAIN, messages })).choices[0].message);
    }
    return messages.length;
  },
});
