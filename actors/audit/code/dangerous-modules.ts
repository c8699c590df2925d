/**
 * Functions of modules that are dangerous, by module and name. Each says, for the arguments of one call, whether the
 * call is a finding.
 */
import type { Finding } from '../finding.js';
import type { RuleId } from '../rules.js';
import { type Bindings, type ModuleMember, nameOf } from './bindings.js';
import type { Node } from './parse.js';

/** What is wrong with a call. */
interface Verdict {
  readonly rule: RuleId;
  readonly message: string;
  readonly severity?: Finding['severity'];
}

type CallRule = (given: readonly Node[], names: Bindings) => Verdict | undefined;

const shellCommand: CallRule = ([command], names) =>
  command === undefined || names.isConstant(command)
    ? undefined
    : { rule: 'dangerous/shell-command', message: 'A shell runs a command that is made at run time.' };

/** `spawn(command, [args], { shell: true })`: the shell reads command and arguments as one line. */
const shellOption: CallRule = (given, names) => {
  const options = given.find((argument) => argument.type === 'ObjectExpression');
  if (options?.type !== 'ObjectExpression') return undefined;
  const shell = options.properties.find((property) => property.type === 'Property' && nameOf(property.key) === 'shell');
  if (shell?.type !== 'Property' || (shell.value.type === 'Literal' && !shell.value.value)) return undefined;
  const line = given.filter((argument) => argument !== options);
  if (line.every((argument) => names.isConstant(argument))) return undefined;
  // A switch that is decided at run time may be off.
  const severity = names.isConstant(shell.value) ? 'high' : 'medium';
  return { rule: 'dangerous/shell-command', message: 'A program is started through a shell with values.', severity };
};

const codeInVm: CallRule = ([code], names) =>
  code === undefined || names.isConstant(code)
    ? undefined
    : { rule: 'dangerous/vm-code', message: 'node:vm runs code that is made at run time.' };

const weakHash: CallRule = ([algorithm]) => {
  const name = algorithm?.type === 'Literal' ? String(algorithm.value).toLowerCase() : '';
  return /^(?:md[245]|sha-?1|ripemd160|rsa-(?:md5|sha1))$/.test(name)
    ? { rule: 'dangerous/weak-hash', message: 'The hash function is weak (MD5 or SHA-1 and the like).' }
    : undefined;
};

const weakCipher: CallRule = ([algorithm]) => {
  const name = algorithm?.type === 'Literal' ? String(algorithm.value).toLowerCase() : '';
  return /^(?:des|rc2|rc4|bf|blowfish|idea|seed)\b|-ecb$|^des-ede/.test(name)
    ? { rule: 'dangerous/weak-cipher', message: 'The cipher or its mode is weak.' }
    : undefined;
};

const cipherFromPassword: CallRule = () => ({
  rule: 'dangerous/weak-cipher',
  message: 'The key is derived from the password by MD5 without salt.',
});

const unsafeRead =
  (severity: Finding['severity']): CallRule =>
  ([data], names) =>
    data === undefined || names.isConstant(data)
      ? undefined
      : {
          rule: 'dangerous/deserialisation',
          message: 'The format that is read can carry code or any object.',
          severity,
        };

const rules: ReadonlyMap<string, CallRule> = new Map([
  ['child_process.exec', shellCommand],
  ['child_process.execSync', shellCommand],
  ['child_process.spawn', shellOption],
  ['child_process.spawnSync', shellOption],
  ['child_process.execFile', shellOption],
  ['child_process.execFileSync', shellOption],
  ['shelljs.exec', shellCommand],
  ['vm.runInContext', codeInVm],
  ['vm.runInNewContext', codeInVm],
  ['vm.runInThisContext', codeInVm],
  ['vm.compileFunction', codeInVm],
  ['vm.Script', codeInVm],
  ['crypto.createHash', weakHash],
  ['crypto.createHmac', weakHash],
  ['crypto.createCipher', cipherFromPassword],
  ['crypto.createDecipher', cipherFromPassword],
  ['crypto.createCipheriv', weakCipher],
  ['crypto.createDecipheriv', weakCipher],
  ['v8.deserialize', unsafeRead('low')],
  ['node-serialize.unserialize', unsafeRead('high')],
  ['funcster.deepDeserialize', unsafeRead('high')],
  ['cryo.parse', unsafeRead('high')],
]);

/** What is wrong with a call of an export of a module with these arguments, if anything. */
export function judgeCall(member: ModuleMember, given: readonly Node[], names: Bindings): Verdict | undefined {
  return rules.get(`${member.module}.${member.name}`)?.(given, names);
}
