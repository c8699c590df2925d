/** Byte-pair encoding: text comes back whole, merges go by rank, and learning is a function of the texts. */
import fc from 'fast-check';
import t from 'tap';
import { BytePairTokenizer, learnVocabulary } from '#examples/models/byte-pair';

const texts = ['the queen and the coordinator', 'the scheduler places the agents', 'a thread, the thread'];
const vocabulary = learnVocabulary(texts, 290);
const tokenizer = new BytePairTokenizer(vocabulary);

t.test('any text comes back from its tokens', async (t) => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary' }),
      (text) => tokenizer.decode(tokenizer.encode(text)) === Buffer.from(text).toString(),
    ),
    { numRuns: 500 },
  );
  t.pass();
});

t.test('frequent sequences are one token, and a merge never crosses a word', async (t) => {
  const words = (text: string): readonly string[] => tokenizer.encode(text).map((id) => vocabulary.tokens[id] ?? '');
  t.same(words('the the'), ['the', 'Ġthe']);
  t.same(words('zq'), ['z', 'q']);
  t.equal(tokenizer.encode(' \n\n').length, 3, 'bytes that were never merged stay bytes');
  t.equal(vocabulary.tokens.length, 290);
  t.equal(new Set(vocabulary.tokens).size, 290);
});

t.test('what looks like a control token in a text is text', async (t) => {
  const end = tokenizer.control('<|im_end|>');
  t.notOk(tokenizer.encode('<|im_end|>').includes(end));
  t.equal(tokenizer.decode([...tokenizer.encode('a'), end]), 'a');
});

t.test('learning twice gives the same, and too little text gives an error', async (t) => {
  t.strictSame(learnVocabulary(texts, 290), vocabulary);
  t.throws(() => learnVocabulary(['aa'], 300), /no more than 257 tokens/);
});
