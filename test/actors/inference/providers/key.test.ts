/** Keys: read at each use, and gone from whatever is quoted, also where they were encoded or a text was cut. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ProviderKey } from '#actors/inference/providers/key';
import fc from 'fast-check';
import t from 'tap';

const never = new AbortController().signal;
const VARIABLE = 'SKEP_TEST_PROVIDER_KEY';

/** A key that was read once. */
async function keyOf(value: string): Promise<ProviderKey> {
  process.env[VARIABLE] = value;
  const key = new ProviderKey({ env: VARIABLE }, 'm');
  await key.read(never);
  return key;
}

t.teardown(() => delete process.env[VARIABLE]);

t.test('a key from a file is the one that lies there now', async (t) => {
  const file = join(t.testdir({ key: 'first-key\n' }), 'key');
  const key = new ProviderKey({ file }, 'm');
  t.equal(await key.read(never), 'first-key');
  await writeFile(file, 'second-key');
  t.equal(await key.read(never), 'second-key');
  t.equal(
    key.redact('first-key and second-key'),
    '[redacted] and [redacted]',
    'the old one is remembered for redaction',
  );
});

t.test('a key that cannot be had is told by its place, never by its value', async (t) => {
  const none = new ProviderKey({ env: 'SKEP_TEST_NO_SUCH_KEY' }, 'm');
  await t.rejects(none.read(never), { code: 'BAD_CONFIG', message: /SKEP_TEST_NO_SUCH_KEY is not set/ });
  await t.rejects(new ProviderKey({ file: '/no/such/file' }, 'm').read(never), {
    code: 'BAD_CONFIG',
    message: /cannot be read/,
  });
  for (const bad of ['', ' ', 'two\nlines', 'se cret', 'schlüssel', 'x'.repeat(5_000)]) {
    process.env[VARIABLE] = bad;
    const failure = await new ProviderKey({ env: VARIABLE }, 'm').read(never).then(
      () => 'read',
      (error: Error) => error.message,
    );
    t.match(failure, /expected one line/);
    t.notMatch(failure, bad.trim() === '' ? 'never' : bad);
  }
  t.equal(await new ProviderKey(undefined, 'm').read(never), undefined, 'none is configured');
});

t.test('what looks like a key goes, though it was never ours', async (t) => {
  const key = new ProviderKey(undefined, 'm');
  t.equal(key.redact('got "Authorization: Bearer abc.def-1"'), 'got "Authorization: Bearer [redacted]"');
  t.equal(key.redact('Incorrect API key provided: sk-proj-12345678.'), 'Incorrect API key provided: [redacted]');
});

const secret = fc.stringMatching(/^[!-~]{12,60}$/);

t.test('no key is in a quotation, plain or encoded, wherever the text was cut', async () => {
  await fc.assert(
    fc.asyncProperty(
      secret,
      fc.string({ maxLength: 50 }),
      fc.integer({ min: 8_100, max: 8_250 }),
      async (value, text, pad) => {
        const key = await keyOf(value);
        const forms = [value, JSON.stringify(value), encodeURIComponent(value), Buffer.from(value).toString('base64')];
        const body = `${text}${forms.join(' ')}${'.'.repeat(pad)}`;
        const atTheCut = `${'.'.repeat(pad)}${value}`;
        const quotes = [key.quote(body, 500), key.quote(atTheCut, 10_000)];
        // Six characters of it in a row are not there either, but by chance where it repeats a filler.
        const torn = value.slice(0, 6);
        return (
          quotes.every((quote) => forms.every((form) => !quote.includes(form))) &&
          (/^\.+$/.test(torn) || !quotes[1]?.includes(torn))
        );
      },
    ),
    { numRuns: 200 },
  );
});
