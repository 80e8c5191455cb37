// Mastra's agents, with a model of the `ai` package for servers that speak OpenAI's API.
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { Agent } from "@mastra/core/agent";
import { MockMemory } from "@mastra/core/memory";
import { createTool } from "@mastra/core/tools";
import { z } from "zod";
import { CALLING, ENDLESS, KEY, LONG, PLAIN, QUESTION, URL, stay, tell } from "./telling.mjs";

const agent = (model = PLAIN, options = {}, apiKey = KEY) => {
  const provider = createOpenAICompatible({ name: "chatapp", baseURL: URL, apiKey });
  return new Agent({ id: "tried", name: "tried", instructions: "Be brief.", model: provider(model), ...options });
};
const get_weather = createTool({
  id: "get_weather",
  description: "The weather.",
  inputSchema: z.object({ city: z.string() }),
  execute: async ({ city }) => ({ said: `rain in ${city}` }),
});

await tell({
  ask: async () => (await agent().generate(QUESTION)).text,
  stream: async () => {
    let text = "";
    for await (const piece of (await agent().stream(QUESTION)).textStream) text += piece;
    return text;
  },
  tool: async () => (await agent(CALLING, { tools: { get_weather } }).generate(QUESTION)).text,
  key: async () => (await agent(PLAIN, {}, "wrong").generate(QUESTION)).text,
  cancel: async () => {
    const leaving = new AbortController();
    for await (const _ of (await agent(ENDLESS).stream(QUESTION, { abortSignal: leaving.signal })).textStream) break;
    leaving.abort();
    return stay();
  },
  long: async () => {
    const memory = new MockMemory({ enableMessageHistory: true, options: { lastMessages: 2 * LONG, generateTitle: true } });
    const talking = agent(PLAIN, { memory });
    for (let number = 0; number < LONG; number++)
      await talking.generate(`long ${number}`, { memory: { thread: "long", resource: "tried" } });
    return 2 * LONG;
  },
});
