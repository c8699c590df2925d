/**
 * Every rule of the audit, as data: the analysers take their severity from here, the reports their words. A finding of
 * an analyser can only name a rule of this list, because its type is made from it; the kinds of secrets are open and
 * get a description of their family.
 */
import type { RuleDescription } from './report/input.js';
import { secretKinds } from './secrets.js';

type Entry = Omit<RuleDescription, 'id'>;

/** Rules by id. `severity` is the most that the rule gives; a finding with less danger may say less. */
const catalogue = {
  'secrets/credential': {
    severity: 'high',
    title: 'Credential in the repository',
    help: 'A credential that is committed is known to everybody who can read the repository, now or later. Revoke it, issue a new one, and read it from the environment or a secret store.',
    cwe: 'CWE-798',
    securitySeverity: 8.5,
  },
  'dangerous/eval': {
    severity: 'high',
    title: 'Evaluation of text as code',
    help: 'Text that is built at run time becomes code with all rights of the process. Parse the text instead (JSON.parse, a grammar), or choose from a table of functions.',
    cwe: 'CWE-95',
    securitySeverity: 8.8,
  },
  'dangerous/function-constructor': {
    severity: 'high',
    title: 'Function made from text',
    help: 'The Function constructor evaluates its arguments as code, as eval does. Write the function, or choose from a table of functions.',
    cwe: 'CWE-95',
    securitySeverity: 8.8,
  },
  'dangerous/timer-string': {
    severity: 'high',
    title: 'Timer with text as code',
    help: 'A timer that gets a string evaluates it as code. Pass a function.',
    cwe: 'CWE-95',
    securitySeverity: 8.0,
  },
  'dangerous/shell-command': {
    severity: 'high',
    title: 'Shell command built at run time',
    help: 'A shell reads the whole command, so that a value within it can begin another command. Pass the program and its arguments apart, without a shell.',
    cwe: 'CWE-78',
    securitySeverity: 9.0,
  },
  'dangerous/vm-code': {
    severity: 'medium',
    title: 'Code run through node:vm',
    help: 'The module vm is no security boundary: code within can reach the process. Run untrusted code in a process with no rights.',
    cwe: 'CWE-94',
    securitySeverity: 6.5,
  },
  'dangerous/html-assignment': {
    severity: 'medium',
    title: 'Markup built at run time',
    help: 'A value that is read as markup can bring a script into the page. Set textContent, build elements, or sanitise the value.',
    cwe: 'CWE-79',
    securitySeverity: 6.1,
  },
  'dangerous/document-write': {
    severity: 'medium',
    title: 'document.write with a value',
    help: 'A value that is written into the document can bring a script into the page. Build elements and set their textContent.',
    cwe: 'CWE-79',
    securitySeverity: 6.1,
  },
  'dangerous/react-html': {
    severity: 'medium',
    title: 'dangerouslySetInnerHTML with a value',
    help: 'The value is read as markup and can bring a script into the page. Render it as text, or sanitise it.',
    cwe: 'CWE-79',
    securitySeverity: 6.1,
  },
  'dangerous/tls-unverified': {
    severity: 'medium',
    title: 'TLS certificate not verified',
    help: 'Without verification anybody on the way can read and change the traffic. Trust the right certificate authority instead.',
    cwe: 'CWE-295',
    securitySeverity: 7.4,
  },
  'dangerous/weak-hash': {
    severity: 'low',
    title: 'Weak hash function',
    help: 'MD5 and SHA-1 do not withstand forged collisions. Use SHA-256 for integrity, and scrypt, bcrypt or Argon2 for passwords.',
    cwe: 'CWE-327',
    securitySeverity: 3.7,
  },
  'dangerous/weak-cipher': {
    severity: 'medium',
    title: 'Weak cipher',
    help: 'The cipher or its mode can be broken, or its key is derived without salt. Use AES-GCM or ChaCha20-Poly1305 with a random nonce.',
    cwe: 'CWE-327',
    securitySeverity: 5.9,
  },
  'dangerous/dynamic-require': {
    severity: 'low',
    title: 'Module chosen at run time',
    help: 'Whoever controls the name controls which code is loaded, and tools cannot see the dependency. Choose from a table of modules.',
    cwe: 'CWE-829',
    securitySeverity: 3.5,
  },
  'dangerous/deserialisation': {
    severity: 'high',
    title: 'Unsafe deserialisation',
    help: 'The format can carry code or objects of any class. Read data formats only: JSON, or YAML with its safe loader.',
    cwe: 'CWE-502',
    securitySeverity: 8.1,
  },
  'dangerous/pipe-to-shell': {
    severity: 'medium',
    title: 'Download piped into a shell',
    help: 'What the server sends is run unseen. Download to a file, check its hash or signature, then run it.',
    cwe: 'CWE-494',
    securitySeverity: 6.8,
  },
  'dangerous/world-writable': {
    severity: 'low',
    title: 'Permissions for everybody',
    help: 'Every user of the machine may change the file. Give the rights to the owner or a group.',
    cwe: 'CWE-732',
    securitySeverity: 3.9,
  },
  'dangerous/insecure-temp': {
    severity: 'low',
    title: 'Name of a temporary file that can be guessed',
    help: 'Another user can create the file first. Use the function that creates and opens it in one step.',
    cwe: 'CWE-377',
    securitySeverity: 3.6,
  },
  'complexity/cognitive': {
    severity: 'medium',
    title: 'Function that is hard to follow',
    help: 'Cognitive complexity counts breaks in the flow, and nested ones more. Split the function: name its branches, return early, take loops apart.',
  },
  'imports/cycle': {
    severity: 'low',
    title: 'Import cycle',
    help: 'The files cannot be understood, tested or loaded apart, and the order of their start depends on who is imported first. Move what they share into a file of its own.',
  },
  'duplication/clone': {
    severity: 'low',
    title: 'Duplicated code',
    help: 'A defect that is corrected in one copy stays in the other. Move the code to one place, unless the copies are meant to grow apart.',
  },
  'debt/todo': {
    severity: 'low',
    title: 'TODO comment',
    help: 'Work that was put off. Do it, or move it to where work is planned.',
  },
  'debt/fixme': {
    severity: 'low',
    title: 'FIXME comment',
    help: 'A defect that is known and left. Correct it, or move it to where work is planned.',
  },
  'debt/hack': {
    severity: 'low',
    title: 'HACK comment',
    help: 'A work-around that its author did not trust. Replace it, or say why it is right.',
  },
  'debt/xxx': {
    severity: 'low',
    title: 'XXX comment',
    help: 'A doubt of the author. Resolve it, or move it to where work is planned.',
  },
  'licence-headers/missing': {
    severity: 'low',
    title: 'Source file without licence identifier',
    help: 'Most source files here say their licence with SPDX-License-Identifier. Add the line to this one.',
  },
  'licence-headers/conflict': {
    severity: 'low',
    title: 'Source file under another licence',
    help: 'The identifier differs from that of most files. Correct it, or document the exception.',
  },
  'licence-headers/invalid': {
    severity: 'low',
    title: 'Invalid licence identifier',
    help: 'The text after SPDX-License-Identifier is no SPDX licence expression. Use an identifier of the SPDX licence list.',
  },
  'licences/copyleft': {
    severity: 'medium',
    title: 'Strong copyleft dependency of a permissive project',
    help: 'The GPL and AGPL ask that the whole work is given under their terms. Replace the dependency, or take legal advice.',
  },
  'licences/unknown': {
    severity: 'low',
    title: 'Dependency without a known licence',
    help: 'Without a licence there is no permission to use. Look it up in the package and record it.',
  },
  'licences/invalid-expression': {
    severity: 'low',
    title: 'Licence that is no SPDX expression',
    help: 'Tools cannot judge the licence. Look it up in the package and record it.',
  },
  'manifest/malformed': {
    severity: 'medium',
    title: 'Lockfile that cannot be read',
    help: 'What it locks is unknown to this audit and perhaps to the package manager. Write it anew with the package manager.',
  },
  'manifest/no-integrity': {
    severity: 'medium',
    title: 'Dependency without integrity hash',
    help: 'Without a hash the package manager accepts whatever the registry sends. Write the lockfile anew with a current package manager.',
    cwe: 'CWE-353',
    securitySeverity: 5.3,
  },
  'manifest/insecure-url': {
    severity: 'medium',
    title: 'Dependency fetched without TLS',
    help: 'Anybody on the way can change the package. Fetch it by https.',
    cwe: 'CWE-319',
    securitySeverity: 5.9,
  },
  'encoding/bidi-control': {
    severity: 'medium',
    title: 'Bidirectional control character',
    help: 'The character lets code look different from what the compiler reads ("Trojan Source"). Remove it, or write it as an escape.',
    cwe: 'CWE-1007',
    securitySeverity: 6.3,
  },
  'encoding/zero-width': {
    severity: 'medium',
    title: 'Invisible character in an identifier',
    help: 'Two names that look the same differ. Remove the character.',
    cwe: 'CWE-1007',
    securitySeverity: 5.0,
  },
  'encoding/mixed-line-endings': {
    severity: 'low',
    title: 'Mixed line endings',
    help: 'Tools count lines differently and every edit changes more than it should. Convert the file to one kind of line ending.',
  },
  'churn/hotspot': {
    severity: 'medium',
    title: 'Complex file that changes often',
    help: 'Where code is complex and changes often, the next defect is most likely and a clean-up pays first. Split the file along its reasons to change.',
  },
  'syntax/parse-error': {
    severity: 'low',
    title: 'Source file that does not parse',
    help: 'The rules that need the syntax tree could not look at this file. Correct the syntax, or exclude the file.',
  },
  'syntax/not-parsed': {
    severity: 'low',
    title: 'Source file in a form that is not parsed',
    help: 'Its nesting or the length of its lines could exhaust the parser, so the rules that need the syntax tree did not look at this file. Such files are mostly generated or minified; exclude them, or audit what they are made from.',
  },
  'suppression/no-reason': {
    severity: 'low',
    title: 'Suppression without rules or reason',
    help: 'The comment has no effect. Write `skep-ignore-next-line <rule>[, <rule>] -- <reason>`.',
  },
  'internal/analyser-failed': {
    severity: 'low',
    title: 'An analyser failed on this file',
    help: 'The file was looked at by the other analysers only. This is a defect of skep or a file of an extreme form.',
  },
} as const satisfies Record<string, Entry>;

/** The id of a rule that the analysers of code, the manifests or the reduction give. */
export type RuleId = keyof typeof catalogue;

const entries: ReadonlyMap<string, Entry> = new Map(Object.entries(catalogue));

/** All rules of the list, sorted by id. */
export const ruleIds: readonly RuleId[] = (Object.keys(catalogue) as RuleId[]).sort();

/** The severity that a rule gives where the finding says nothing else. */
export function severityOf(rule: RuleId): Entry['severity'] {
  return catalogue[rule].severity;
}

/** The description of a rule; total, because kinds of secrets are open and a newer node may know more rules. */
export function describeRule(id: string): RuleDescription {
  const entry = entries.get(id);
  if (entry !== undefined) return { id, ...entry };
  const [family = id, kind = ''] = id.split('/');
  const words = kind.replaceAll('-', ' ');
  if (family === 'secrets') {
    const known = secretKinds.get(kind);
    const severity = known?.severity ?? 'high';
    return { id, ...catalogue['secrets/credential'], severity, title: known?.title ?? `Secret: ${words}` };
  }
  return { id, severity: 'low', title: words === '' ? family : `${family}: ${words}`, help: `Rule ${id}.` };
}
