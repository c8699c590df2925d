/**
 * The one file that knows node-llama-cpp, which binds llama.cpp. It is loaded when a model is opened and not before: it is
 * an optional dependency, and only the process that runs models needs it. Native code that meets something it did not
 * expect aborts its process, so this file is imported by `child.ts`, never by a node.
 */
import type * as Library from 'node-llama-cpp';
import type {
  ChatWrapper,
  LlamaContext,
  LlamaGrammar,
  LlamaGrammarEvaluationState,
  LlamaModel,
  Token,
  TokenBias,
} from 'node-llama-cpp';
import { SkepError } from '#protocols/wire/error';

export type {
  ChatHistoryItem,
  ChatWrapper,
  CustomBatchingPrioritizationStrategy,
  LlamaContext,
  LlamaContextSequence,
  LlamaEmbeddingContext,
  LlamaGrammar,
  LlamaGrammarEvaluationState,
  LlamaModel,
  Token,
  TokenBias,
} from 'node-llama-cpp';

/** The library, loaded. */
export interface Native {
  /** The kind of GPU that computes, or false. */
  readonly gpu: string | false;
  /** Threads that compute in this process at most. */
  limitThreads(threads: number): void;
  /** @throws Error of llama.cpp when the file cannot be loaded. */
  load(path: string, gpuLayers: 'auto' | number): Promise<LlamaModel>;
  /** The chat template of a model. Costs a third of a second: asked once for each model. */
  chatWrapper(model: LlamaModel): ChatWrapper;
  /** @throws Error of llama.cpp when it is no GBNF. */
  grammar(gbnf: string): Promise<LlamaGrammar>;
  grammarState(model: LlamaModel, grammar: LlamaGrammar): LlamaGrammarEvaluationState;
  /** Makes tokens that are drawn only where a grammar leaves no other. */
  avoid(model: LlamaModel, tokens: readonly Token[]): TokenBias;
  dispose(): Promise<void>;
}

const install =
  'npm install node-llama-cpp (on a machine without a GPU, leave its GPU packages out as docs/inference/llama.md says)';

/** What is added to the logit of a token to avoid; one of -Infinity could not be drawn where a grammar needs it. */
const unlikely = -1_000;

/**
 * Loads the library with the prebuilt binary of this platform; compiles and downloads nothing.
 * @throws SkepError MODEL_UNAVAILABLE when it is not installed or has no binary for this machine.
 */
export async function loadNative({ useGpu }: { readonly useGpu: boolean }): Promise<Native> {
  const library = await importLibrary();
  const llama = await library
    .getLlama({
      gpu: useGpu ? 'auto' : false,
      build: 'never',
      skipDownload: true,
      progressLogs: false,
      logLevel: library.LlamaLogLevel.error,
      logger: (_level, message) => void process.stderr.write(`${message.trimEnd()}\n`),
    })
    .catch((error: unknown) => {
      throw new SkepError(
        'MODEL_UNAVAILABLE',
        `llama.cpp has no binary for this machine: ${messageOf(error)}`,
        {},
        error,
      );
    });
  return {
    gpu: llama.gpu,
    limitThreads: (threads) => {
      llama.maxThreads = threads;
    },
    load: (modelPath, gpuLayers) =>
      llama.loadModel({
        modelPath,
        gpuLayers: llama.gpu === false ? 0 : gpuLayers,
        // Memory of this machine is checked before a model is loaded; that of a GPU only the library knows.
        ignoreMemorySafetyChecks: llama.gpu === false,
      }),
    chatWrapper: (model) =>
      library.resolveChatWrapper(model, { warningLogs: false }) ?? new library.GeneralChatWrapper(),
    grammar: (gbnf) => llama.createGrammar({ grammar: gbnf }),
    grammarState: (model, grammar) => new library.LlamaGrammarEvaluationState({ model, grammar }),
    avoid: (model, tokens) => {
      const bias = library.TokenBias.for(model);
      for (const token of tokens) bias.set(token, { logit: unlikely });
      return bias;
    },
    dispose: () => llama.dispose(),
  };
}

/** Whether a failure of the library is one of memory. */
export function isOutOfMemory(error: unknown): boolean {
  return (
    error instanceof Error && (error.name === 'InsufficientMemoryError' || /memory|create context/i.test(error.message))
  );
}

/** What the library calls for each token; not part of its types. */
interface Sampling {
  readonly sampleToken?: (...args: unknown[]) => Promise<unknown>;
}

/**
 * Makes a failure to sample a failure of its answer. The library loses it: where no token fits a grammar, the promise
 * that nobody awaits ends the process, and the answer waits for ever. Given -1, which stands for no token, it rejects
 * the answer as it does for every other failure.
 */
export function guardSampling(context: LlamaContext): void {
  const { _ctx: inner } = context as unknown as { readonly _ctx?: Sampling };
  const sample = inner?.sampleToken;
  if (inner === undefined || sample === undefined) return;
  const guarded = (...args: unknown[]): Promise<unknown> => sample.apply(inner, args).catch(() => -1);
  Object.defineProperty(inner, 'sampleToken', { value: guarded });
}

async function importLibrary(): Promise<typeof Library> {
  try {
    return await import('node-llama-cpp');
  } catch (error) {
    const isAbsent = error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND';
    const problem = isAbsent ? `node-llama-cpp is not installed: ${install}` : `it does not load: ${messageOf(error)}`;
    throw new SkepError('MODEL_UNAVAILABLE', problem, {}, error);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
