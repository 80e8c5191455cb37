// OpenAI's Agents SDK for JavaScript, which speaks the Responses API unless it is told otherwise.
import { Agent, OpenAIProvider, Runner, setTracingDisabled, tool as asTool, user } from "@openai/agents";
import { CALLING, ENDLESS, KEY, LONG, PLAIN, QUESTION, URL, stay, tell } from "./telling.mjs";

setTracingDisabled(true);
const runner = (apiKey = KEY) => new Runner({ modelProvider: new OpenAIProvider({ apiKey, baseURL: URL }) });
const agent = (model = PLAIN, tools = []) => new Agent({ name: "tried", model, tools });
const parameters = { type: "object", properties: { city: { type: "string" } }, required: [], additionalProperties: true };
const execute = async ({ city }) => `rain in ${city}`;
const get_weather = asTool({ name: "get_weather", description: "The weather.", strict: false, parameters, execute });
const ask = async (key, ...about) => (await runner(key).run(agent(...about), QUESTION)).finalOutput;

await tell({
  ask: () => ask(),
  stream: async () => {
    let text = "";
    for await (const piece of (await runner().run(agent(), QUESTION, { stream: true })).toTextStream()) text += piece;
    return text;
  },
  tool: () => ask(KEY, CALLING, [get_weather]),
  key: () => ask("wrong"),
  cancel: async () => {
    const leaving = new AbortController();
    const options = { stream: true, signal: leaving.signal };
    for await (const _ of (await runner().run(agent(ENDLESS), QUESTION, options)).toTextStream()) break;
    leaving.abort();
    return stay();
  },
  long: async () => {
    let said = [];
    for (let number = 0; number < LONG; number++)
      said = (await runner().run(agent(), [...said, user(`long ${number}`)])).history;
    return said.length;
  },
});
