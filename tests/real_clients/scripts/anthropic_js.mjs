// The `@anthropic-ai/sdk` package of npm; its base URL is without /v1.
import Anthropic from "@anthropic-ai/sdk";
import { betaTool } from "@anthropic-ai/sdk/helpers/beta/json-schema";
import { CALLING, ENDLESS, KEY, LONG, PLAIN, QUESTION, URL, stay, tell } from "./telling.mjs";

const clientWith = (apiKey) => new Anthropic({ baseURL: URL.replace(/\/v1$/, ""), apiKey, maxRetries: 0 });
const client = clientWith(KEY);
const asked = [{ role: "user", content: QUESTION }];
const wanted = { model: PLAIN, max_tokens: 100, messages: asked };
const inputSchema = { type: "object", properties: { city: { type: "string" } } };
const getWeather = { name: "get_weather", description: "Look.", inputSchema, run: ({ city }) => `rain in ${city}` };

await tell({
  list: async () => (await client.models.list()).data.map((model) => model.id),
  ask: async () => (await client.messages.create(wanted)).content[0].text,
  stream: async () => await client.messages.stream(wanted).finalText(),
  tool: async () => {
    const run = { ...wanted, model: CALLING, tools: [betaTool(getWeather)] };
    return (await client.beta.messages.toolRunner(run)).content[0].text;
  },
  key: async () => (await clientWith("wrong").messages.create(wanted)).content,
  cancel: async () => {
    const stream = client.messages.stream({ ...wanted, model: ENDLESS });
    for await (const event of stream) if (event.type === "content_block_delta") break;
    stream.abort();
    return stay();
  },
  long: async () => {
    const messages = [];
    for (let number = 0; number < LONG; number++) {
      messages.push({ role: "user", content: `long ${number}` });
      const { content } = await client.messages.create({ ...wanted, messages });
      messages.push({ role: "assistant", content });
    }
    return messages.length;
  },
});
