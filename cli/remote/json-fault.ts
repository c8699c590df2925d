/**
 * Where a text stops being JSON. The messages of `JSON.parse` name the place only sometimes, and a person who typed a
 * message on a command line wants to see it, so the place is found by reading the tokens once more.
 */

const blanks = /[ \t\n\r]*/y;
const token =
  /[{}[\],:]|"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4}))*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;

type Expected = 'a value' | 'a value or ]' | 'a name or }' | 'a name' | ':' | ', or ]' | ', or }' | 'the end';

/** The first place (0-based) at which no JSON text could go on like this, and what was expected there. */
export function jsonFault(text: string): { readonly position: number; readonly expected: string } {
  const open: ('[' | '{')[] = [];
  let expected: Expected = 'a value';
  let position = 0;
  for (;;) {
    position = endOf(blanks, text, position) ?? position;
    const end = endOf(token, text, position);
    const next: Expected | undefined = end === undefined ? undefined : after(text.slice(position, end), expected, open);
    if (end === undefined || next === undefined) return { position, expected };
    expected = next;
    position = end;
  }
}

function endOf(pattern: RegExp, text: string, from: number): number | undefined {
  pattern.lastIndex = from;
  return pattern.test(text) ? pattern.lastIndex : undefined;
}

/** What may follow the token; undefined when the token itself was not expected. */
function after(found: string, expected: Expected, open: ('[' | '{')[]): Expected | undefined {
  switch (expected) {
    case 'a value or ]':
      return found === ']' ? close(open) : value(found, open);
    case 'a value':
      return value(found, open);
    case 'a name or }':
      return found === '}' ? close(open) : name(found);
    case 'a name':
      return name(found);
    case ':':
      return found === ':' ? 'a value' : undefined;
    case ', or ]':
      if (found === ']') return close(open);
      return found === ',' ? 'a value' : undefined;
    case ', or }':
      if (found === '}') return close(open);
      return found === ',' ? 'a name' : undefined;
    case 'the end':
      return undefined;
  }
}

function value(found: string, open: ('[' | '{')[]): Expected | undefined {
  if (found === '[' || found === '{') {
    open.push(found);
    return found === '[' ? 'a value or ]' : 'a name or }';
  }
  return /^[\]},:]/.test(found) ? undefined : within(open);
}

function name(found: string): Expected | undefined {
  return found.startsWith('"') ? ':' : undefined;
}

function close(open: ('[' | '{')[]): Expected {
  open.pop();
  return within(open);
}

/** What follows a whole value. */
function within(open: readonly ('[' | '{')[]): Expected {
  const innermost = open.at(-1);
  if (innermost === undefined) return 'the end';
  return innermost === '[' ? ', or ]' : ', or }';
}
