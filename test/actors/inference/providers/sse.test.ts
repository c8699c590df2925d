/**
 * The parser of server-sent events: the examples of the standard, the borders of chunks, and its bounds. Against any way
 * of cutting a stream it has to give what a reader of the whole text gives.
 */
import { type SseEvent, type SseLimits, SseParser, SseTooLarge } from '#actors/inference/providers/sse';
import fc from 'fast-check';
import t from 'tap';

/** The events of a stream in these chunks, and the bound that ended it. */
function parse(
  chunks: readonly Uint8Array[],
  limits?: SseLimits,
): { events: SseEvent[]; tooLarge: string | undefined } {
  const parser = new SseParser(limits);
  const events: SseEvent[] = [];
  try {
    for (const chunk of chunks) for (const event of parser.push(chunk)) events.push(event);
  } catch (thrown) {
    if (!(thrown instanceof SseTooLarge)) throw thrown;
    return { events, tooLarge: thrown.part };
  }
  return { events, tooLarge: undefined };
}

const whole = (text: string): SseEvent[] => parse([Buffer.from(text)]).events;
const plain = (data: string): SseEvent => ({ type: '', data });

t.test('the examples of the standard', async (t) => {
  t.same(whole('data: YHOO\ndata: +2\ndata: 10\n\n'), [plain('YHOO\n+2\n10')], 'lines of data are joined');
  const blocks = ': test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n';
  t.same(
    whole(blocks),
    [plain('first event'), plain('second event'), plain(' third event')],
    'one space is passed over',
  );
  t.same(
    whole('data\n\ndata\ndata\n\ndata:'),
    [plain(''), plain('\n')],
    'empty data is data; an open event is dropped',
  );
  t.same(whole('data:test\n\ndata: test\n\n'), [plain('test'), plain('test')]);
});

t.test('fields that are unknown, comments and events without data give nothing', async (t) => {
  t.same(whole(':\n: ping\n\nevent: ping\n\nretry: 10\n\nevent: a\ndata: 1\n\ndata: 2\n\n'), [
    { type: 'a', data: '1' },
    plain('2'),
  ]);
});

t.test('the field that llama-server names its errors by is an event', async (t) => {
  t.same(whole('error: {"code":500}\n\n'), [{ type: 'error', data: '{"code":500}' }]);
});

t.test('each end of a line, also cut between CR and LF', async (t) => {
  const events = [plain('a'), plain('b')];
  for (const end of ['\n', '\r', '\r\n']) {
    t.same(whole(`data: a${end}${end}data: b${end}${end}`), events, JSON.stringify(end));
  }
  const torn = ['data: a\r', '\n\r', '\ndata: b\r', '\n', '\r\n'].map((chunk) => Buffer.from(chunk));
  t.same(parse(torn).events, events);
});

t.test('a byte order mark is passed over once, at the head', async (t) => {
  t.same(whole('\uFEFFdata: a\n\n'), [plain('a')]);
  t.same(parse([Buffer.from([0xef]), Buffer.from([0xbb, 0xbf]), Buffer.from('data: a\n\n')]).events, [plain('a')]);
  t.same(whole('data: a\n\n\uFEFFdata: b\n\n'), [plain('a')], 'elsewhere it is a part of a name');
});

/** What the standard says, read off the whole text. */
function oracle(text: string): SseEvent[] {
  const blocks = text.replace(/\r\n?/g, '\n').split(/\n\n+/);
  // What no empty line ends is dropped.
  blocks.pop();
  return blocks.flatMap((block) => {
    const fields = block
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith(':'))
      .map((line) => /^([^:]*)(?:: ?([\s\S]*))?$/.exec(line) ?? []);
    const values = (name: string): string[] =>
      fields.filter((field) => field[1] === name).map((field) => field[2] ?? '');
    const data = values('data');
    return data.length === 0 ? [] : [{ type: values('event').at(-1) ?? '', data: data.join('\n') }];
  });
}

/** Cuts bytes at these places. */
function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const at = [0, ...places.map((place) => place % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  return at.slice(1).map((end, index) => bytes.subarray(at[index], end));
}

const line = fc.oneof(
  fc.constantFrom('', '', 'data', 'data:', ':', 'event: x', 'data: {"a":"ä€😀"}', 'id: 1', 'data:  b'),
  fc.string({ unit: 'binary', maxLength: 12 }).map((text) => `data: ${text.replace(/[\r\n\uFEFF]/g, '')}`),
);
const streamText = fc
  .array(fc.tuple(line, fc.constantFrom('\n', '\r', '\r\n')), { maxLength: 30 })
  // Half a pair of surrogates is no UTF-8: what the wire would carry instead is the text.
  .map((lines) => Buffer.from(lines.flat().join('')).toString('utf8'));

t.test('any cutting of a stream gives what the whole text gives', async () => {
  fc.assert(
    fc.property(streamText, fc.array(fc.nat(), { maxLength: 40 }), (text, places) => {
      const { events } = parse(cut(Buffer.from(text), places));
      return JSON.stringify(events) === JSON.stringify(oracle(text));
    }),
    { numRuns: 400 },
  );
});

t.test('bounds hold at the same place however the stream is cut', async (t) => {
  const limits = { line: 10, event: 20 };
  t.same(parse([Buffer.from('data: 1234\n\ndata: 12345\n\n')], limits), { events: [plain('1234')], tooLarge: 'line' });
  t.same(parse([Buffer.from(`${'data: 1234\n'.repeat(4)}\n`)], limits).events.length, 1, 'four lines of five fit');
  t.same(parse([Buffer.from(`${'data: 1234\n'.repeat(5)}\n`)], limits), { events: [], tooLarge: 'event' });
  t.same(parse([Buffer.from(`: ${'x'.repeat(20)}`)], limits).tooLarge, 'line', 'a comment without an end');
  fc.assert(
    fc.property(streamText, fc.array(fc.nat(), { maxLength: 40 }), (text, places) => {
      const bytes = Buffer.from(text);
      return JSON.stringify(parse(cut(bytes, places), limits)) === JSON.stringify(parse([bytes], limits));
    }),
    { numRuns: 200 },
  );
});
