import { expect, test } from "vitest";

import { catalogue, translator } from "../src/strings";
import { apiStrings } from "../src/strings/api";
import { commonStrings } from "../src/strings/common";
import { formStrings } from "../src/strings/form";
import { hereStrings } from "../src/strings/here";
import { labStrings } from "../src/strings/lab";
import { listStrings } from "../src/strings/lists";
import { marimoStrings } from "../src/strings/marimo";
import { queryStrings } from "../src/strings/queries";
import { panelStrings } from "../src/strings/panel";
import { pickerStrings } from "../src/strings/picker";
import { sessionStrings } from "../src/strings/session";
import { stateStrings } from "../src/strings/states";
import { teamStrings } from "../src/strings/teams";
import { timeStrings } from "../src/strings/time";
import { widgetStrings } from "../src/strings/widget";

const SURFACES = [
  apiStrings,
  commonStrings,
  formStrings,
  hereStrings,
  labStrings,
  listStrings,
  marimoStrings,
  queryStrings,
  panelStrings,
  pickerStrings,
  sessionStrings,
  stateStrings,
  teamStrings,
  timeStrings,
  widgetStrings,
];

test("a value is put in after the text was translated", () => {
  const shout = translator((text) => `${text.toUpperCase()} {name}`);
  expect(shout("connect", { name: "<b>small</b>" })).toBe("CONNECT <b>small</b>");
});

test("no key stands twice, since the later text would win everywhere", () => {
  const keys = SURFACES.flatMap((strings) => Object.keys(strings));
  expect(keys.filter((key, index) => keys.indexOf(key) !== index)).toEqual([]);
  expect(new Set(keys)).toEqual(new Set(Object.keys(catalogue)));
});
