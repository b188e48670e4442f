// What the scripts share: settings from standard input, one JSON line per step, and a check that names what it wanted.
import { text } from 'node:stream/consumers';

export const settings = JSON.parse(await text(process.stdin));

export const step = (name, facts = {}) => console.log(JSON.stringify({ step: name, ...facts }));

export const expect = (what, actual, wanted) => {
  if (actual !== wanted) throw new Error(`${what}: expected ${JSON.stringify(wanted)}, found ${JSON.stringify(actual)}`);
};

/** What a promise fails with; it must fail. */
export const failure = (what, promise) =>
  promise.then(
    () => Promise.reject(new Error(`${what}: went through`)),
    (error) => error,
  );
