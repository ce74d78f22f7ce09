/** How lines of an engine's log are shown: the last ones, their time apart, errors marked. */

export interface LogLine {
  /** As it stands at the line's beginning; empty where there is none. */
  readonly time: string;
  readonly text: string;
  readonly error: boolean;
}

/** How many lines the log shows. */
export const LOG_LINES = 500;

const TIME = /^\[?(?:\d{4}-\d\d-\d\d[T ])?\d\d:\d\d:\d\d(?:[.,]\d+)?Z?(?=[\s\]])/;
const ERROR = /\b(?:ERROR|FATAL|CRITICAL)\b|\b(?:\w*Error|error):|\bpanicked at\b|^Traceback \(/;

export function logLines(lines: readonly string[]): LogLine[] {
  return lines.slice(-LOG_LINES).map((line) => {
    const time = TIME.exec(line)?.[0] ?? "";
    return { time, text: line.slice(time.length), error: ERROR.test(line) };
  });
}
