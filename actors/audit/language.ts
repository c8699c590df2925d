/**
 * The language of a file by its name. A guess from content would cost more than it gives: the analysers only need to
 * know which grammar to try, and a wrong try fails softly.
 */

const byExtension: ReadonlyMap<string, string> = new Map([
  ['ts', 'typescript'],
  ['mts', 'typescript'],
  ['cts', 'typescript'],
  ['tsx', 'tsx'],
  ['js', 'javascript'],
  ['mjs', 'javascript'],
  ['cjs', 'javascript'],
  ['jsx', 'jsx'],
  ['py', 'python'],
  ['pyi', 'python'],
  ['go', 'go'],
  ['rs', 'rust'],
  ['java', 'java'],
  ['kt', 'kotlin'],
  ['kts', 'kotlin'],
  ['scala', 'scala'],
  ['swift', 'swift'],
  ['c', 'c'],
  ['h', 'c'],
  ['cc', 'cpp'],
  ['cpp', 'cpp'],
  ['cxx', 'cpp'],
  ['hpp', 'cpp'],
  ['hh', 'cpp'],
  ['cs', 'csharp'],
  ['rb', 'ruby'],
  ['php', 'php'],
  ['pl', 'perl'],
  ['pm', 'perl'],
  ['lua', 'lua'],
  ['ex', 'elixir'],
  ['exs', 'elixir'],
  ['erl', 'erlang'],
  ['hs', 'haskell'],
  ['sh', 'shell'],
  ['bash', 'shell'],
  ['zsh', 'shell'],
  ['ps1', 'powershell'],
  ['sql', 'sql'],
  ['html', 'html'],
  ['htm', 'html'],
  ['css', 'css'],
  ['scss', 'scss'],
  ['less', 'less'],
  ['vue', 'vue'],
  ['svelte', 'svelte'],
  ['json', 'json'],
  ['jsonc', 'json'],
  ['json5', 'json'],
  ['yml', 'yaml'],
  ['yaml', 'yaml'],
  ['toml', 'toml'],
  ['ini', 'ini'],
  ['cfg', 'ini'],
  ['conf', 'ini'],
  ['properties', 'properties'],
  ['env', 'dotenv'],
  ['xml', 'xml'],
  ['svg', 'svg'],
  ['md', 'markdown'],
  ['markdown', 'markdown'],
  ['tf', 'terraform'],
  ['tfvars', 'terraform'],
  ['proto', 'protobuf'],
]);

const byName: ReadonlyMap<string, string> = new Map([
  ['dockerfile', 'dockerfile'],
  ['containerfile', 'dockerfile'],
  ['makefile', 'makefile'],
  ['gnumakefile', 'makefile'],
  ['jenkinsfile', 'groovy'],
  ['.npmrc', 'ini'],
  ['.pypirc', 'ini'],
  ['.netrc', 'ini'],
  ['.gitconfig', 'ini'],
  ['.editorconfig', 'ini'],
]);

/** The language of a path, or `other`. */
export function languageOf(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1).toLowerCase();
  const named = byName.get(name);
  if (named !== undefined) return named;
  if (name === '.env' || name.startsWith('.env.')) return 'dotenv';
  if (name.startsWith('dockerfile.')) return 'dockerfile';
  const dot = name.lastIndexOf('.');
  return dot < 1 ? 'other' : (byExtension.get(name.slice(dot + 1)) ?? 'other');
}
