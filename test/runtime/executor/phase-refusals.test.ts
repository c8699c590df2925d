/** What a phased actor may not do, and when: each attempt is refused where it is made. */
import { defineActor, SkepError } from '#runtime';
import t from 'tap';
import { inlineSystem } from '../support.js';

interface Book {
  readonly diary: string[];
}
type Idle = Book & { readonly phase: 'idle' };
type Busy = Book & { readonly phase: 'busy' };
type State = Idle | Busy;

const busy = ({ diary }: Book): Busy => ({ phase: 'busy', diary });
const start = (): State => ({ phase: 'idle', diary: [] });

t.test('what makes no sense in a phase is refused with BAD_USAGE', async (t) => {
  const attempts: string[] = [];
  const tried = (what: string, attempt: () => unknown): void => {
    try {
      attempt();
    } catch (error) {
      if (error instanceof SkepError && error.code === 'BAD_USAGE') attempts.push(what);
    }
  };
  const machine = defineActor({
    name: 'machine',
    init: start,
    phases: {
      idle: {
        enter: (state, _from, ctx) =>
          tried('next on entry', () => (ctx as unknown as { next(s: State): void }).next(state)),
        calls: {
          odd: (_state, _message: undefined, ctx) => {
            tried('unknown phase', () => ctx.next({ phase: 'ajar', diary: [] } as unknown as State));
            tried('bad delay', () => ctx.timeout('x', Number.NaN));
            return attempts;
          },
          async *stream(state, _message: undefined, ctx) {
            tried('next in a stream', () => ctx.next(busy(state)));
            yield 1;
          },
        },
        casts: { late: (_state, _message: undefined, ctx) => tried('defer of a cast', () => ctx.defer()) },
      },
      busy: {},
    },
  });
  const plain = defineActor({
    name: 'plain',
    init: () => null,
    calls: {
      odd: (_state, _message: undefined, ctx) =>
        tried('no phases', () => (ctx as unknown as { postpone(): void }).postpone()),
    },
  });
  const astray = defineActor({
    name: 'astray',
    init: () => ({ phase: 'nowhere' }) as unknown as State,
    phases: { idle: {}, busy: {} },
  });
  const { system } = await inlineSystem(t, { definitions: [machine, plain, astray] });
  const ref = await system.spawn(machine, undefined);
  for await (const _ of ref.call('stream'));
  ref.cast('late');
  await (await system.spawn(plain, undefined)).call('odd');
  t.same((await ref.call('odd')).toSorted(), [
    'bad delay',
    'defer of a cast',
    'next in a stream',
    'next on entry',
    'no phases',
    'unknown phase',
  ]);
  await t.rejects(system.spawn(astray, undefined), {
    code: 'INIT_FAILED',
    message: /"nowhere"; expected one of: idle, busy/,
  });
});
