/**
 * `${VAR}` and `${VAR:-default}` in texts of a YAML file, as in a shell: the default also counts for an empty variable,
 * and may itself hold `${...}`. `$${` stands for a literal `${`. The value of a variable is never expanded again, so
 * what is in the environment cannot reach other variables.
 */

/** Looks a variable up; undefined when it is not set. */
export type Variables = (name: string) => string | undefined;

/** What came of one text. */
type Expansion =
  | { readonly ok: true; readonly text: string; readonly used: readonly string[] }
  | { readonly ok: false; readonly message: string };

/** Longest result, in UTF-16 units: a small file must not become a huge value by naming a variable very often. */
const MAX_EXPANDED = 65_536;
/** Deepest nesting of defaults. */
const MAX_DEPTH = 8;

/** Expands one text. */
export function expand(text: string, variables: Variables, depth = 0): Expansion {
  if (depth > MAX_DEPTH) return { ok: false, message: `more than ${MAX_DEPTH} defaults inside each other` };
  const used: string[] = [];
  let result = '';
  let from = 0;
  for (let at = text.indexOf('${'); at !== -1; at = text.indexOf('${', from)) {
    if (text[at - 1] === '$' && at - 1 >= from) {
      result += `${text.slice(from, at - 1)}\${`;
      from = at + 2;
      continue;
    }
    const end = closingBrace(text, at + 2);
    if (end === undefined) return { ok: false, message: '"${" without a closing "}"; write "$${" for a literal "${"' };
    const part = reference(text.slice(at + 2, end), variables, depth);
    if (!part.ok) return part;
    used.push(...part.used);
    result += text.slice(from, at) + part.text;
    from = end + 1;
    if (result.length > MAX_EXPANDED) return { ok: false, message: `expands to more than ${MAX_EXPANDED} characters` };
  }
  return { ok: true, text: result + text.slice(from), used };
}

/** Index of the brace that closes the reference whose inside begins at `start`. */
function closingBrace(text: string, start: number): number | undefined {
  let open = 1;
  for (let at = start; at < text.length; at += 1) {
    if (text[at] === '{' && text[at - 1] === '$' && text[at - 2] !== '$') open += 1;
    if (text[at] === '}') open -= 1;
    if (open === 0) return at;
  }
  return undefined;
}

/** The value of what stands between the braces. */
function reference(inside: string, variables: Variables, depth: number): Expansion {
  const parts = /^([A-Za-z_][A-Za-z0-9_]*)(:-(.*))?$/s.exec(inside);
  const [, name = '', hasDefault, fallback = ''] = parts ?? [];
  if (name === '') {
    return { ok: false, message: 'what stands in "${...}" must be a variable name, or NAME:-default' };
  }
  const value = variables(name);
  if (hasDefault === undefined) {
    if (value !== undefined) return { ok: true, text: value, used: [name] };
    const message = `variable ${name} is not set; set it or write "\${${name}:-default}"`;
    return { ok: false, message };
  }
  if (value !== undefined && value !== '') return { ok: true, text: value, used: [name] };
  const expanded = expand(fallback, variables, depth + 1);
  return expanded.ok ? { ...expanded, used: [name, ...expanded.used] } : expanded;
}
