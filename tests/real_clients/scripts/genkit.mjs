// Genkit, with its plugin for servers that speak OpenAI's API.
import { openAICompatible } from "@genkit-ai/compat-oai";
import { genkit, z } from "genkit";
import { CALLING, ENDLESS, KEY, LONG, PLAIN, QUESTION, URL, stay, tell } from "./telling.mjs";

const with_key = (apiKey) => genkit({ plugins: [openAICompatible({ name: "chatapp", apiKey, baseURL: URL })] });
const ai = with_key(KEY);
const ask = (options = {}, model = PLAIN) => ({ model: `chatapp/${model}`, prompt: QUESTION, ...options });
const get_weather = ai.defineTool(
  { name: "get_weather", description: "The weather.", inputSchema: z.object({ city: z.string() }) },
  async ({ city }) => `rain in ${city}`,
);

await tell({
  ask: async () => (await ai.generate(ask())).text,
  stream: async () => {
    let text = "";
    for await (const piece of ai.generateStream(ask()).stream) text += piece.text;
    return text;
  },
  tool: async () => (await ai.generate(ask({ tools: [get_weather] }, CALLING))).text,
  key: async () => (await with_key("wrong").generate(ask())).text,
  cancel: async () => {
    const leaving = new AbortController();
    const { stream, response } = ai.generateStream(ask({ abortSignal: leaving.signal }, ENDLESS));
    response.catch(() => {}); // which fails where it is left
    for await (const _ of stream) break;
    leaving.abort();
    return stay();
  },
  long: async () => {
    let messages = [];
    for (let number = 0; number < LONG; number++)
      messages = (await ai.generate(ask({ prompt: `long ${number}`, messages }))).messages;
    return messages.length;
  },
});
