// TanStack AI, whose adapter for OpenAI speaks the Responses API.
import { chat, toolDefinition } from "@tanstack/ai";
import { createOpenaiChat } from "@tanstack/ai-openai";
import { z } from "zod";
import { CALLING, ENDLESS, KEY, LONG, PLAIN, QUESTION, URL, stay, tell } from "./telling.mjs";

const asked = (model = PLAIN, options = {}, apiKey = KEY) => ({
  adapter: createOpenaiChat(model, apiKey, { baseURL: URL }),
  messages: [{ role: "user", content: QUESTION }],
  ...options,
});
const get_weather = toolDefinition({
  name: "get_weather",
  description: "The weather.",
  inputSchema: z.object({ city: z.string() }),
}).server(async ({ city }) => ({ said: `rain in ${city}` }));

async function said(question) {
  let text = "";
  for await (const event of chat(question)) {
    if (event.type === "RUN_ERROR") throw new Error(event.message);
    if (event.type === "TEXT_MESSAGE_CONTENT") text += event.delta;
  }
  return text;
}

await tell({
  ask: () => chat(asked(PLAIN, { stream: false })),
  stream: () => said(asked()),
  tool: () => said(asked(CALLING, { tools: [get_weather] })),
  key: () => said(asked(PLAIN, {}, "wrong")),
  cancel: async () => {
    const abortController = new AbortController();
    for await (const event of chat(asked(ENDLESS, { abortController }))) if (event.type === "TEXT_MESSAGE_CONTENT") break;
    abortController.abort();
    return stay();
  },
  long: async () => {
    const messages = [];
    for (let number = 0; number < LONG; number++) {
      messages.push({ role: "user", content: `long ${number}` });
      messages.push({ role: "assistant", content: await said(asked(PLAIN, { messages: [...messages] })) });
    }
    return messages.length;
  },
});
