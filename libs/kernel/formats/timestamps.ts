const TIMESTAMP = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:\.\d{1,9})?(?:Z|[+-](\d{2}):(\d{2}))$/;

/** Whether the text is an RFC 3339 timestamp of a day that exists, from year 1 on, without leap seconds. */
export function isTimestamp(text: string): boolean {
  const parts = TIMESTAMP.exec(text)?.slice(1).map(Number);
  if (parts === undefined) {
    return false;
  }
  // Without an offset (Z) its two parts are NaN, which exceeds nothing.
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, offsetHour = 0, offsetMinute = 0] = parts;
  const lastDay = new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate();
  return (
    year >= 1 &&
    month >= 1 &&
    month <= 12 &&
    day >= 1 &&
    day <= lastDay &&
    hour <= 23 &&
    minute <= 59 &&
    second <= 59 &&
    !(offsetHour > 23) &&
    !(offsetMinute > 59)
  );
}
