// a config as TypeScript has it
export const config: Config<A> = {
  strategy: { mode: 'fallback', "on_status_codes": [429, 5e2,], },
  targets: [
    { virtualKey: process.env.KEY!, params: { model: `gpt-${v}` as const, x: -0.5 } },
    { provider, ...base, f(a) { return { b: a } }, g: (x) => x + 1, h: cond ? 'a' : "b" },
  ],
} as const;
