import { type SpanFacts } from '#telemetry';

/** The most of a statement that a span shows. */
const MAX_TEXT = 300;

/** What a trace tells of a statement: its text with placeholders, never a value. */
export function sqlFacts(text: string): SpanFacts {
  const words = text.replaceAll(/\s+/g, ' ').trim();
  return {
    kind: 'client',
    attributes: { 'db.system.name': 'postgresql', 'db.query.text': words.slice(0, MAX_TEXT) },
  };
}
