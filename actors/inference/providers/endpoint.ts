/** The url of an entry, held against what it must not contain: a way that sends a key elsewhere, or prints one. */
import { SkepError } from '#protocols/wire/error';
import type { AnthropicEntry, OpenAiEntry } from '../entry.js';

/** @throws SkepError BAD_CONFIG. */
export function endpointOf({ name, url: text }: OpenAiEntry | AnthropicEntry): URL {
  const bad = (problem: string): SkepError =>
    new SkepError('BAD_CONFIG', `url of model ${name}: ${problem}`, { model: name });
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol))
    throw bad('expected an address that begins with http(s)://');
  if (url.username !== '' || url.password !== '') throw bad('it has a name or password; put the secret under key');
  if (url.hash !== '') throw bad('it has a fragment (#); leave that away');
  return url;
}
