/**
 * Refuses a Node that is too old, in one sentence. This file alone runs on any Node with ES modules: it imports nothing
 * and uses old syntax only, because the error has to be readable exactly where newer syntax would not parse.
 */

/** The oldest Node that skep supports, as in `engines` of package.json. */
export const oldestNode = '20.19.0';

/**
 * Why a Node version will not do, or an empty string when it will.
 * @param {string} version as in `process.versions.node`, such as `20.19.1`
 */
export function nodeVersionProblem(version) {
  const has = version.split('.').map((part) => parseInt(part, 10));
  const needs = oldestNode.split('.').map((part) => parseInt(part, 10));
  for (let i = 0; i < needs.length; i += 1) {
    if (has[i] > needs[i]) return '';
    if (has[i] < needs[i] || has[i] !== has[i]) {
      return (
        'skep needs Node ' +
        oldestNode +
        ' or newer, and this is Node ' +
        version +
        '. Install Node 20 or newer and run it again.'
      );
    }
  }
  return '';
}

/**
 * Loads and runs a command when this Node is new enough; otherwise says why not and exits with 1.
 * @param {() => Promise<{ main: (args: string[]) => Promise<number> }>} load imports the command's module
 */
export function runWithSupportedNode(load) {
  const problem = nodeVersionProblem(process.versions.node);
  if (problem !== '') {
    console.error(problem);
    process.exit(1);
  }
  load()
    .then((command) => command.main(process.argv.slice(2)))
    .then(
      (code) => {
        process.exitCode = code;
      },
      (error) => {
        // A failure that was foreseen has said all there is to say; a stack trace would bury it.
        console.error(error.name === 'PrepareError' ? `skep: ${error.message}` : error.stack);
        process.exitCode = 1;
      },
    );
}
