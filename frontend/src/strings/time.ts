/** Durations, moments and countdowns. */

export const timeStrings = {
  seconds: "{seconds}\u00a0s",
  minutes: "{minutes}\u00a0min",
  hours: "{hours}\u00a0h",
  hoursMinutes: "{hours}\u00a0h {minutes}\u00a0min",
  days: "{days}\u00a0d",
  daysHours: "{days}\u00a0d {hours}\u00a0h",
  yesterday: "Yesterday",
  closesIn: "Closes in {time}",
  closesUnused: "Closes in {time} if unused",
  closesAnyway: "Closes in {time}, used or not",
  closesDetached: "Closes in {time}: its kernel is gone",
  keptUntil: "Kept until {time}",
  closing: "closing",
  timeLeft: "{time} left",
} as const;
