// The AI SDK with its provider for servers that speak OpenAI's API, with those for OpenAI and Anthropic themselves, and
// with OpenRouter's own.
import { createAnthropic } from "@ai-sdk/anthropic";
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { createOpenRouter } from "@openrouter/ai-sdk-provider";
import { generateText, jsonSchema, stepCountIs, streamText, tool } from "ai";
import { CALLING, ENDLESS, KEY, LONG, PLAIN, QUESTION, SPEAKS, URL, stay, tell } from "./telling.mjs";

const makers = { responses: createOpenAI, messages: createAnthropic, openrouter: createOpenRouter };
const make = makers[SPEAKS] ?? ((options) => createOpenAICompatible({ name: "chatapp", includeUsage: true, ...options }));
const provider = (apiKey) => make({ baseURL: URL, apiKey });
const model = (name, key = KEY) => provider(key)(name);
const inputSchema = jsonSchema({ type: "object", properties: { city: { type: "string" } } });
const get_weather = tool({ inputSchema, execute: async ({ city }) => `rain in ${city}` });

await tell({
  ask: async () => (await generateText({ model: model(PLAIN), prompt: QUESTION })).text,
  stream: async () => {
    let text = "";
    for await (const piece of streamText({ model: model(PLAIN), prompt: QUESTION }).textStream) text += piece;
    return text;
  },
  tool: async () => {
    const run = { model: model(CALLING), prompt: QUESTION, tools: { get_weather }, stopWhen: stepCountIs(3) };
    let text = "";
    for await (const piece of streamText(run).textStream) text += piece;
    return text;
  },
  key: async () => (await generateText({ model: model(PLAIN, "wrong"), prompt: QUESTION, maxRetries: 0 })).text,
  cancel: async () => {
    const leaving = new AbortController();
    const { textStream } = streamText({ model: model(ENDLESS), prompt: QUESTION, abortSignal: leaving.signal });
    for await (const _ of textStream) break;
    leaving.abort();
    return stay();
  },
  long: async () => {
    const messages = [];
    for (let number = 0; number < LONG; number++) {
      messages.push({ role: "user", content: `long ${number}` });
      messages.push(...(await generateText({ model: model(PLAIN), messages })).response.messages);
    }
    return messages.length;
  },
});
