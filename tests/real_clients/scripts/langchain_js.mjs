// LangChain's ChatOpenAI for JavaScript.
import { HumanMessage, ToolMessage } from "@langchain/core/messages";
import { ChatOpenAI } from "@langchain/openai";
import { CALLING, ENDLESS, KEY, LONG, PLAIN, QUESTION, URL, stay, tell } from "./telling.mjs";

const chat = (model = PLAIN, apiKey = KEY) =>
  new ChatOpenAI({ model, apiKey, maxRetries: 0, configuration: { baseURL: URL } });
const parameters = { type: "object", properties: { city: { type: "string" } } };
const get_weather = { type: "function", function: { name: "get_weather", parameters } };

await tell({
  ask: async () => (await chat().invoke(QUESTION)).content,
  stream: async () => {
    let text = "";
    for await (const chunk of await chat().stream(QUESTION)) text += chunk.content;
    return text;
  },
  tool: async () => {
    const model = chat(CALLING).bindTools([get_weather]);
    const messages = [new HumanMessage(QUESTION), await model.invoke(QUESTION)];
    for (const call of messages[1].tool_calls)
      messages.push(new ToolMessage({ content: `rain in ${call.args.city}`, tool_call_id: call.id }));
    return (await model.invoke(messages)).content;
  },
  key: async () => (await chat(PLAIN, "wrong").invoke(QUESTION)).content,
  cancel: async () => {
    const leaving = new AbortController();
    for await (const _ of await chat(ENDLESS).stream(QUESTION, { signal: leaving.signal })) break;
    leaving.abort();
    return stay();
  },
  long: async () => {
    const messages = [];
    for (let number = 0; number < LONG; number++) {
      messages.push(new HumanMessage(`long ${number}`));
      messages.push(await chat().invoke(messages));
    }
    return messages.length;
  },
});
