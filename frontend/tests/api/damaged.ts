const WRONG = [undefined, null, 3, "word", true, [], {}, [null], { x: 1 }] as const;

/** Each variant of an object in which one field, at any depth, is absent, or something else. */
export function* damaged(json: unknown): Generator<unknown> {
  if (typeof json !== "object" || json === null) {
    return;
  }
  for (const key of Object.keys(json)) {
    const whole = json as Record<string, unknown>;
    const put = (value: unknown): unknown =>
      Array.isArray(json)
        ? json.map((item, index) => (String(index) === key ? value : item))
        : { ...whole, [key]: value };
    for (const value of WRONG) {
      yield put(value);
    }
    for (const inner of damaged(whole[key])) {
      yield put(inner);
    }
  }
}
