/** States as operators see them: bounded, plain, and looked at without running any code of theirs. */
import { summariseState } from '#runtime/telemetry/state-summary';
import fc from 'fast-check';
import t from 'tap';

class Account {
  readonly secret = 'hunter2';
}

t.test('what is no plain data is named and not opened', async (t) => {
  const cyclic: Record<string, unknown> = { a: 1 };
  cyclic['self'] = cyclic;
  let ran = false;
  const state = {
    account: new Account(),
    map: new Map([['k', 'hunter2']]),
    run: () => 1,
    big: 10n,
    none: undefined,
    nan: Number.NaN,
    when: new Date(0),
    bytes: new Uint8Array(7),
    get live() {
      ran = true;
      return 'hunter2';
    },
    cyclic,
  };
  t.same(summariseState(state), {
    value: {
      account: '[Account]',
      map: '[Map]',
      run: '[function]',
      big: '[bigint]',
      none: null,
      nan: '[NaN]',
      when: '1970-01-01T00:00:00.000Z',
      bytes: '[7 bytes]',
      live: '[getter]',
      cyclic: { a: 1, self: '[cycle]' },
    },
    truncated: false,
  });
  t.notOk(ran);
});

t.test('a state of any size takes about its bound and says that it was cut', async (t) => {
  const large = { list: Array.from({ length: 100_000 }, (_, index) => ({ index, text: 'x'.repeat(50) })) };
  const summary = summariseState(large, 4_096);
  t.ok(summary.truncated);
  t.ok(JSON.stringify(summary.value).length < 8_192, `${JSON.stringify(summary.value).length} bytes`);
  const deep: unknown[] = [];
  let inner = deep;
  for (let level = 0; level < 10_000; level += 1) {
    const next: unknown[] = [];
    inner.push(next);
    inner = next;
  }
  t.ok(summariseState(deep).truncated, 'depth, too');
  t.match(summariseState('y'.repeat(100_000)).value, /^y{1024}\.\.\. \(100000 characters\)$/);
});

t.test('whatever the state, its summary is JSON', async (t) => {
  const outcome = fc.check(
    fc.property(
      fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true, withTypedArray: true }),
      (state) => {
        const { value } = summariseState(state, 2_000);
        return JSON.stringify(value).length < 8_000;
      },
    ),
    { numRuns: 500 },
  );
  t.notOk(outcome.failed, String(outcome.errorInstance ?? JSON.stringify(outcome.counterexample)));
});
