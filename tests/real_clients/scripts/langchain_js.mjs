// LangChain's ChatOpenAI for JavaScript, with chat completions and with responses, and its ChatAnthropic.
import { ChatAnthropic } from "@langchain/anthropic";
import { HumanMessage, ToolMessage } from "@langchain/core/messages";
import { ChatOpenAI } from "@langchain/openai";
import { CALLING, ENDLESS, KEY, LONG, PLAIN, QUESTION, SPEAKS, URL, stay, tell } from "./telling.mjs";

const makers = {
  messages: (options) => new ChatAnthropic({ ...options, anthropicApiUrl: URL.replace(/\/v1$/, "") }),
  responses: (options) => new ChatOpenAI({ ...options, useResponsesApi: true, configuration: { baseURL: URL } }),
};
const make = makers[SPEAKS] ?? ((options) => new ChatOpenAI({ ...options, configuration: { baseURL: URL } }));
const chat = (model = PLAIN, apiKey = KEY) => make({ model, apiKey, maxRetries: 0 });
const parameters = { type: "object", properties: { city: { type: "string" } } };
const get_weather = { type: "function", function: { name: "get_weather", parameters } };

await tell({
  ask: async () => (await chat().invoke(QUESTION)).text,
  stream: async () => {
    let text = "";
    for await (const chunk of await chat().stream(QUESTION)) text += chunk.text;
    return text;
  },
  tool: async () => {
    const model = chat(CALLING).bindTools([get_weather]);
    const messages = [new HumanMessage(QUESTION), await model.invoke(QUESTION)];
    for (const call of messages[1].tool_calls)
      messages.push(new ToolMessage({ content: `rain in ${call.args.city}`, tool_call_id: call.id }));
    return (await model.invoke(messages)).text;
  },
  key: async () => (await chat(PLAIN, "wrong").invoke(QUESTION)).text,
  cancel: async () => {
    const leaving = new AbortController();
    for await (const chunk of await chat(ENDLESS).stream(QUESTION, { signal: leaving.signal })) if (chunk.text) break;
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
