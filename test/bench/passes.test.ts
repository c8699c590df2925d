/** Passes: the starts of one question are minutes apart, and what fails or is interrupted leaves the rest whole. */
import t from 'tap';
import { type PassOptions, partsOf, runPasses } from '#bench/harness/passes';
import type { Bench, Section } from '#bench/harness/section';

const quiet = { begin: () => (): void => {}, line: (): void => {}, end: (): void => {} };
const options: PassOptions = { quick: true, signal: new AbortController().signal, progress: quiet };

/** A bench that writes down its parts, and fails in the one named. */
function parted(name: string, parts: number, log: string[], fails = 0): Bench {
  let done = 0;
  return {
    name,
    suite: 'local',
    asks: '?',
    begin: () => ({
      parts,
      part: async () => {
        done += 1;
        log.push(`${name}${done}`);
        if (done === fails) throw new Error(`part ${done} went wrong`);
      },
      section: () => ({ question: name, parts: done }) as unknown as Section,
    }),
  };
}

t.test('the second start of each question comes after the first of all others', async (t) => {
  const log: string[] = [];
  const benches = [parted('a', 3, log), parted('b', 1, log), parted('c', 2, log)];
  t.equal(partsOf(benches, true), 6);
  const { sections, failures } = await runPasses(benches, options);
  t.same(log, ['a1', 'b1', 'c1', 'a2', 'c2', 'a3']);
  t.match(sections, [{ question: 'a', parts: 3 }, { question: 'b' }, { question: 'c', parts: 2 }]);
  t.same(failures, []);
});

t.test('a benchmark that fails in a later start is named, gives no section, and ends no other', async (t) => {
  const log: string[] = [];
  const { sections, failures } = await runPasses([parted('a', 3, log, 2), parted('b', 3, log)], options);
  t.same(log, ['a1', 'b1', 'a2', 'b2', 'b3']);
  t.match(sections, [{ question: 'b' }]);
  t.same(failures, [{ name: 'a', text: 'part 2 went wrong' }]);
});

t.test('an interruption keeps what was measured by then', async (t) => {
  const log: string[] = [];
  const interrupted = new AbortController();
  const stopping: Bench = {
    ...parted('b', 2, log),
    begin: () => ({
      parts: 2,
      part: async () => interrupted.abort(new Error('SIGINT')),
      section: () => undefined,
    }),
  };
  const all = [parted('a', 2, log), stopping, parted('c', 1, log)];
  const { sections, failures } = await runPasses(all, { ...options, signal: interrupted.signal });
  t.same(log, ['a1']);
  t.match(sections, [{ question: 'a', parts: 1 }]);
  t.same(failures, []);
});
