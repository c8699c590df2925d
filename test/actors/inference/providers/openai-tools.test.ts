/**
 * Tool calls of OpenAI's API: put together from deltas that come in any cut and order, and the ways in which servers
 * deviate from the reference there.
 */
import { isDeepStrictEqual } from 'node:util';
import type { WorkEvent } from '#actors/inference/backend';
import { TokenEstimator } from '#actors/inference/providers/estimate';
import { readCompletion } from '#actors/inference/providers/openai-stream';
import type { SseEvent } from '#actors/inference/providers/sse';
import type { ToolSpec } from '#protocols/wire/inference';
import { VirtualClock } from '#runtime/testing/virtual-clock';
import { chunk, done, openai } from '#test/support/providers/openai';
import { providerServer, stream } from '#test/support/providers/server';
import { askedOf, callsOf, endOf, eventsOf, textOf, work } from '#test/support/providers/speaker';
import fc from 'fast-check';
import t from 'tap';

const find: ToolSpec = { name: 'find', parameters: { type: 'object', properties: { what: { type: 'string' } } } };

/** The deltas of one call, its arguments cut at these places. */
function deltasOf(index: number, id: string, value: object, cuts: readonly number[]): object[] {
  const text = JSON.stringify(value);
  const at = [0, ...cuts.map((cut) => cut % (text.length + 1)), text.length].sort((a, b) => a - b);
  const pieces = at.slice(1).map((end, piece) => ({ index, function: { arguments: text.slice(at[piece], end) } }));
  return [{ index, id, type: 'function', function: { name: 'find', arguments: '' } }, ...pieces];
}

/** A value as JSON gives it back. */
function plainOf(value: object): unknown {
  return JSON.parse(JSON.stringify(value));
}

/** What is made of events without a server. */
async function folded(texts: readonly string[]): Promise<WorkEvent[]> {
  const events = async function* events(): AsyncGenerator<SseEvent, void, undefined> {
    for (const text of texts) yield { type: '', data: text };
  };
  const estimators = { prompts: new TokenEstimator(), answers: new TokenEstimator() };
  const setting = { clock: new VirtualClock(), startedMs: 0, promptWeight: 1, ...estimators };
  const answer = { requestId: undefined, events, json: () => Promise.reject(new Error('no JSON here')) };
  const made: WorkEvent[] = [];
  for await (const event of readCompletion(answer, setting, false)) made.push(event);
  return made;
}

t.test('a tool call is put together from its deltas', async (t) => {
  const first = { index: 0, id: 'c1', type: 'function', function: { name: 'find', arguments: '' } };
  const pieces = ['{"wh', 'at":"', 'bees"}'].map((piece) => ({ index: 0, function: { arguments: piece } }));
  const second = { index: 1, id: 'c2', type: 'function', function: { name: 'list', arguments: '{}' } };
  const deltas = [first, ...pieces, second].map((call) => chunk({ tool_calls: [call] })).join('');
  const { events } = await askedOf(t, openai, deltas + chunk({}, 'tool_calls') + done, work({ tools: [find] }));
  t.same(callsOf(events), [
    { id: 'c1', name: 'find', arguments: { what: 'bees' } },
    { id: 'c2', name: 'list', arguments: {} },
  ]);
  t.equal(endOf(events).finish, 'tool-calls');
});

t.test('however two calls are cut into deltas and mixed, each is put together', async () => {
  // An argument of the name `__proto__` is dropped: what reads it could take it for the prototype.
  const name = fc.string().filter((text) => text !== '__proto__');
  const value = fc.dictionary(name, fc.oneof(fc.string(), fc.integer(), fc.array(fc.boolean())), { maxKeys: 4 });
  const cuts = fc.array(fc.nat(), { maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(value, value, cuts, cuts, fc.infiniteStream(fc.boolean()), async (a, b, cutsA, cutsB, turns) => {
      const queues = [deltasOf(0, 'a', a, cutsA), deltasOf(1, 'b', b, cutsB)] as const;
      const mixed: object[] = [];
      while (queues[0].length + queues[1].length > 0) {
        const [one, other] = turns.next().value === true ? queues : [queues[1], queues[0]];
        const next = one.shift() ?? other.shift();
        if (next !== undefined) mixed.push(next);
      }
      const text = mixed.map((delta) => JSON.stringify({ choices: [{ delta: { tool_calls: [delta] } }] }));
      const calls = callsOf(await folded([...text, '{"choices":[{"finish_reason":"tool_calls"}]}', '[DONE]']));
      const byId = new Map(calls.map((call) => [call.id, call]));
      return (
        calls.length === 2 &&
        isDeepStrictEqual([byId.get('a')?.arguments, byId.get('b')?.arguments], [plainOf(a), plainOf(b)])
      );
    }),
    { numRuns: 150 },
  );
});

t.test('an argument that would be taken for the prototype is dropped', async (t) => {
  const call = { index: 0, id: 'a', function: { name: 'find', arguments: '{"__proto__":{"x":1},"y":2}' } };
  const { events } = await askedOf(t, openai, chunk({ tool_calls: [call] }) + chunk({}, 'tool_calls') + done);
  const [made] = callsOf(events);
  t.same(Object.keys(made?.arguments ?? {}), ['y']);
  t.equal(made?.arguments['x'], undefined);
});

t.test('Ollama: every call of an answer at index 0, or at none, whole, and finished with stop', async (t) => {
  const whole = (index: number | undefined, id: string | undefined, name: string, what: string): object => ({
    ...(index === undefined ? {} : { index }),
    ...(id === undefined ? {} : { id }),
    type: 'function',
    function: { name, arguments: JSON.stringify({ what }) },
  });
  const expected = ['bees', 'wasps'].map((what) => ({ name: 'find', arguments: { what } }));
  const forms: readonly (readonly [string, readonly object[]])[] = [
    ['index 0 for all', [whole(0, 'a', 'find', 'bees'), whole(0, 'b', 'find', 'wasps')]],
    ['no index', [whole(undefined, 'a', 'find', 'bees'), whole(undefined, 'b', 'find', 'wasps')]],
    ['index 0 and no id', [whole(0, undefined, 'find', 'bees'), whole(0, undefined, 'find', 'wasps')]],
    ['neither', [whole(undefined, undefined, 'find', 'bees'), whole(undefined, undefined, 'find', 'wasps')]],
  ];
  for (const [form, calls] of forms) {
    const apart = calls.map((call) => chunk({ tool_calls: [call] })).join('');
    for (const text of [apart, chunk({ tool_calls: calls })]) {
      const { events } = await askedOf(t, openai, text + chunk({}, 'stop') + done, work({ tools: [find] }));
      t.match(callsOf(events), expected, form);
      t.equal(new Set(callsOf(events).map((call) => JSON.stringify(call))).size, 2, 'with ids of their own');
      t.equal(endOf(events).finish, 'tool-calls');
    }
  }
});

t.test('arguments that are no JSON are asked for again once; cut off by the length they are left out', async (t) => {
  const bad = chunk({ tool_calls: [{ index: 0, id: 'c1', function: { name: 'find', arguments: '{"what":' } }] });
  const server = await providerServer(t, stream(bad + chunk({}, 'tool_calls') + done), stream(openai.answer(['none'])));
  t.equal(textOf(await eventsOf(await openai.open(server.origin), work({ tools: [find] }))), 'none');
  t.equal(server.seen.length, 2);
  const { events } = await askedOf(t, openai, bad + chunk({}, 'length') + done);
  t.same(callsOf(events), []);
  t.equal(endOf(events).finish, 'length');
});
