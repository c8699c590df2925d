/** `skep model`: the models of a cluster, listed, loaded, swapped and unloaded; and one model checked or measured. */
import { type Command, Option } from 'commander';
import { addCommand, wholeNumber } from '../command.js';
import type { BenchFlags } from '../inference/run-bench.js';
import type { CheckFlags } from '../inference/check-file.js';
import type { LoadFlags, NodeFlags } from '../inference/manage.js';

const nodeOption = (text: string): Option => new Option('--node <node>', text);
const sequences = (): Option =>
  new Option('--sequences <n>', 'answers at the same time (default: 4)').argParser(wholeNumber(1, 256));
const context = (): Option =>
  new Option(
    '--context <n>',
    'tokens of one sequence (default: what the model was trained for, at most 8192)',
  ).argParser(wholeNumber(16, 10_000_000));
const threads = (): Option =>
  new Option('--threads <n>', 'threads that compute (default: 1)').argParser(wholeNumber(1, 1_024));
const gpu = (): Option => new Option('--gpu <use>', 'layers on the GPU (default: auto)').choices(['auto', 'off']);

/** Adds `skep model` with its sub-commands. */
export function modelCommand(program: Command): void {
  const command = program.command('model').description('Manage the models of a cluster; check and measure a model.');
  addList(command);
  addLoad(command);
  addSwap(command);
  addUnload(command);
  addBench(command);
  addCheck(command);
}

function addList(parent: Command): void {
  addCommand<NodeFlags>(
    parent,
    {
      usage: 'list',
      summary: 'List the models of a cluster with their state, queues and memory.',
      examples: ['skep model list', 'skep model list --node node-2 --json'],
      options: [nodeOption('only the models of this node')],
      run: async (given) => (await import('../inference/manage.js')).runList(given),
    },
    ['cluster', 'nats', 'dataDir'],
  );
}

function addLoad(parent: Command): void {
  addCommand<LoadFlags>(
    parent,
    {
      usage: 'load <model>',
      summary: 'Load a model on a node, by its configured name or from a GGUF file, and wait until it is ready.',
      examples: ['skep model load qwen', 'skep model load /models/qwen.gguf --name qwen --sequences 8 --node node-2'],
      options: [
        nodeOption('node to load it on (default: one that knows it, else the first)'),
        new Option('--name <name>', 'name of a model from a file (default: made from the file name)'),
        sequences(),
        context(),
        threads(),
        gpu(),
        new Option('--force', 'lift a quarantine first'),
      ],
      run: async (given) => (await import('../inference/manage.js')).runLoad(given),
    },
    ['cluster', 'nats', 'dataDir'],
  );
}

function addSwap(parent: Command): void {
  addCommand<LoadFlags>(
    parent,
    {
      usage: 'swap <name> <file>',
      summary:
        'Put another model file in the place of a model: the new one loads and takes over, the old one ends its answers.',
      examples: ['skep model swap qwen /models/qwen-v2.gguf'],
      options: [nodeOption('node of the model'), sequences(), context(), threads(), gpu()],
      run: async (given) => (await import('../inference/manage.js')).runSwap(given),
    },
    ['cluster', 'nats', 'dataDir'],
  );
}

function addUnload(parent: Command): void {
  addCommand<NodeFlags>(
    parent,
    {
      usage: 'unload <name>',
      summary: 'Unload a model once what it has is answered; it loads again when it is asked for.',
      examples: ['skep model unload qwen', 'skep model unload qwen --node node-2'],
      options: [nodeOption('node of the model')],
      run: async (given) => (await import('../inference/manage.js')).runUnload(given),
    },
    ['cluster', 'nats', 'dataDir'],
  );
}

function addBench(parent: Command): void {
  addCommand<BenchFlags>(
    parent,
    {
      usage: 'bench <model>',
      summary:
        'Measure a model: tokens per second and time to the first token at 1, 2, 4, ... answers at the same time.',
      examples: [
        'skep model bench examples/models/tiny-chat.gguf --sequences 8',
        'skep model bench qwen --tokens 128 --json',
      ],
      options: [
        sequences(),
        context(),
        threads(),
        gpu(),
        new Option('--tokens <n>', 'tokens of each answer at most').default(64).argParser(wholeNumber(1, 100_000)),
        new Option('--rounds <n>', 'answers of each sequence').default(3).argParser(wholeNumber(1, 1_000)),
      ],
      run: async (given) => (await import('../inference/run-bench.js')).runBench(given),
    },
    ['cluster', 'nats', 'dataDir'],
  );
}

function addCheck(parent: Command): void {
  addCommand<CheckFlags>(parent, {
    usage: 'check <file>',
    summary:
      'Check a GGUF file before it is loaded: what it is, whether it is whole, and the memory that it will take.',
    examples: [
      'skep model check examples/models/tiny-chat.gguf',
      'skep model check /models/qwen.gguf --sequences 16 --json',
    ],
    options: [sequences(), context()],
    run: async (given) => (await import('../inference/check-file.js')).runCheck(given),
  });
}
