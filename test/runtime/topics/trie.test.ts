/** The trie of patterns against a twin that asks a regular expression of each pattern. */
import { SkepError } from '#runtime';
import { readPattern, readTopic } from '#runtime/topics/pattern';
import { PatternTrie } from '#runtime/topics/trie';
import fc from 'fast-check';
import t from 'tap';

const token = fc.constantFrom('a', 'b', 'c', 'aa');
const topics = fc.array(token, { minLength: 1, maxLength: 4 });
const patterns = fc
  .tuple(fc.array(fc.oneof(token, fc.constant('*')), { maxLength: 4 }), fc.boolean())
  .map(([tokens, open]) => (open || tokens.length === 0 ? [...tokens, '>'] : tokens));
const entries = fc.tuple(patterns, fc.nat(3));

/** What a pattern means, said another way. */
function meets(pattern: readonly string[], topic: readonly string[]): boolean {
  const parts = pattern.map((part) => (part === '*' ? '[^.]+' : part === '>' ? '.+' : part));
  return new RegExp(`^${parts.join('\\.')}$`).test(topic.join('.'));
}

const byNumber = (values: readonly number[]): number[] => [...values].sort((a, b) => a - b);

t.test('the trie finds what a regular expression of each pattern finds, whatever came and went', (t) => {
  const steps = fc.array(fc.record({ add: fc.boolean(), entry: entries }), { maxLength: 40 });
  fc.assert(
    fc.property(steps, fc.array(topics, { minLength: 1, maxLength: 10 }), (all, asked) => {
      const trie = new PatternTrie<number>();
      const twin = new Map<string, { readonly pattern: readonly string[]; readonly value: number }>();
      for (const {
        add,
        entry: [pattern, value],
      } of all) {
        const key = `${pattern.join('.')} ${value}`;
        const expected = add ? !twin.has(key) : twin.has(key);
        if ((add ? trie.add(pattern, value) : trie.remove(pattern, value)) !== expected) return false;
        if (add) twin.set(key, { pattern, value });
        else twin.delete(key);
      }
      return (
        trie.size === twin.size &&
        asked.every((topic) => {
          const found: number[] = [];
          trie.match(topic, (value) => found.push(value));
          const wanted = [...twin.values()].filter(({ pattern }) => meets(pattern, topic)).map(({ value }) => value);
          return byNumber(found).join() === byNumber(wanted).join();
        })
      );
    }),
    { numRuns: 2_000 },
  );
  t.end();
});

t.test('a trie from which everything was taken out holds nothing', (t) => {
  fc.assert(
    fc.property(fc.array(entries, { maxLength: 30 }), (all) => {
      const trie = new PatternTrie<number>();
      for (const [pattern, value] of all) trie.add(pattern, value);
      for (const [pattern, value] of all) trie.remove(pattern, value);
      return trie.size === 0 && trie.empty;
    }),
  );
  t.end();
});

t.test('topics and patterns that NATS would refuse are refused', (t) => {
  for (const topic of ['', '.', 'a..b', 'a.', '.a', 'a b', 'a.*', 'a.>', '*', 'a*', 7, 'x'.repeat(1_025)])
    t.throws(() => readTopic(topic), { code: 'BAD_TOPIC' }, String(topic).slice(0, 20));
  for (const pattern of ['', 'a.>.b', '>.a', 'a*', 'a.b>', '**', 'a. .b', undefined])
    t.throws(() => readPattern(pattern), SkepError, String(pattern));
  for (const pattern of ['>', '*', 'a', 'a.*.c', '*.*', 'a.>', '$x._-/é'])
    t.same(readPattern(pattern), pattern.split('.'));
  t.end();
});
