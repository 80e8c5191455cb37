// What the scripts of all JavaScript clients have in common: cases that are run, each told as a line of JSON.
export const [URL, KEY, ...WANTED] = process.argv.slice(2);
export const SPEAKS = process.env.SPEAKS ?? "chat completions";
export const QUESTION = process.env.QUESTION ?? "Why?";
export const [PLAIN, CALLING, ENDLESS] = (process.env.MODELS ?? "stub-model calling endless").split(" ");
export const LONG = 4;
export const stay = () => new Promise((resolve) => setTimeout(() => resolve("left"), 2000));

export async function tell(cases) {
  for (const name of WANTED.length ? WANTED : Object.keys(cases)) {
    if (!(name in cases)) continue;
    let told;
    try {
      told = { said: await cases[name]() };
    } catch (error) {
      told = { error: `${error.name} ${error.status ?? error.statusCode ?? ""}: ${error.message}` };
    }
    console.log(JSON.stringify({ case: name, ...told }));
  }
}
