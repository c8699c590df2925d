/**
 * Errors with stable codes. A code is part of the public contract: it survives the wire, the spawn API and the CLI's
 * `--json`, so programs switch on it while people read the message. The catalogue is data, not a class per error,
 * because `docs/errors.md` and the tests are held against it entry by entry.
 */

/** What a catalogue entry says: `meaning` for the documentation, `remedy` for the person who sees it. */
interface CatalogueEntry {
  readonly meaning: string;
  readonly remedy: string;
}

/** Every code that skep raises, with what it means and what to do about it. */
export const errorCatalogue = {
  // Calls and messages.
  CALL_TIMEOUT: {
    meaning: 'The reply did not arrive before the deadline of the call.',
    remedy: 'Raise timeoutMs, or look for a slow handler in the log of the executor named in the facts.',
  },
  CALL_CANCELLED: { meaning: 'The caller cancelled the call.', remedy: 'Nothing to do: the caller asked for it.' },
  CALL_CYCLE: {
    meaning: 'An actor called an actor that is waiting, directly or not, for its reply.',
    remedy: 'Use a cast for one of the two directions.',
  },
  NO_SUCH_ACTOR: {
    meaning: 'The address names no living actor.',
    remedy: 'Look the actor up again by name: it may have stopped or moved.',
  },
  NO_SUCH_HANDLER: {
    meaning: 'The definition has no call or cast of that name.',
    remedy: 'List what it accepts with `skep call --help` or the describe endpoint.',
  },
  BAD_MESSAGE: {
    meaning: 'The message does not fit the schema of the handler.',
    remedy: 'Correct the field named in the message.',
  },
  ACTOR_CRASHED: {
    meaning: 'The handler threw; the actor was handed to its supervisor.',
    remedy: 'Read the cause; the actor restarts if its supervision allows it.',
  },
  ACTOR_STOPPED: {
    meaning: 'The actor stopped before it answered.',
    remedy: 'Spawn it again or look up its successor by name.',
  },
  MAILBOX_FULL: {
    meaning: 'The mailbox of the receiver is at its capacity and its policy refuses more.',
    remedy: 'Wait for `ref.drained()` when `cast` returns false, or raise the capacity in the definition.',
  },
  STASH_FULL: {
    meaning: 'The actor keeps as many messages aside as its definition allows.',
    remedy: 'Raise stash.capacity in the definition, or look why it never comes to handle what it keeps.',
  },
  NO_ROUTEE: {
    meaning: 'A call went through a router that had no routees.',
    remedy: 'Wait until a member has joined the group of the router, or call again.',
  },
  BAD_TOPIC: {
    meaning: 'A topic or a pattern of topics is malformed.',
    remedy: 'Separate tokens by dots; in patterns use "*" for one token and ">" for the last ones.',
  },
  EXECUTOR_DOWN: {
    meaning: 'The executor that hosted the receiver ended before it answered.',
    remedy: 'Retry if the work is idempotent; supervised actors restart on the replacement.',
  },
  NODE_DOWN: {
    meaning: 'The node that hosted the receiver is considered dead.',
    remedy: 'Retry on another node; `skep status` lists the members.',
  },
  NO_SUCH_NODE: {
    meaning: 'No member of the cluster has that name.',
    remedy: 'List the members with `skep status`.',
  },
  OFFLOAD_FULL: {
    meaning: 'Too many offloaded functions wait for a thread of the executor.',
    remedy: 'Await some before offloading more, or raise `offload.queue` or `offload.threads`.',
  },
  OFFLOAD_FAILED: {
    meaning: 'An offloaded function threw an error without a code of ours, or its thread ended under it.',
    remedy: 'Read the cause.',
  },
  // Spawning.
  UNKNOWN_DEFINITION: {
    meaning: 'No definition of that name (and version) is registered on the node.',
    remedy: 'Load its module with --module, or choose one of the names listed in the message.',
  },
  DUPLICATE_DEFINITION: {
    meaning: 'Two modules register different definitions under one name and version.',
    remedy: 'Rename one of them or give it another version.',
  },
  MODULE_FAILED: {
    meaning: 'A module could not be loaded.',
    remedy: 'Correct what the message says about the file, and load it again.',
  },
  UNKNOWN_MODULE: {
    meaning: 'The node was not started with that module.',
    remedy: 'Name one of its modules, which are listed in the message, or start the node with --module.',
  },
  NAME_TAKEN: { meaning: 'Another living actor has that name.', remedy: 'Choose another name or stop that actor.' },
  BAD_NAME: {
    meaning: 'A name has characters or a length that names may not have.',
    remedy: 'Use 1 to 128 letters, digits, hyphens or underscores.',
  },
  BAD_CHILD_SPEC: {
    meaning: 'A child spec of a supervisor is not valid.',
    remedy: 'Correct the field of the child named in the message.',
  },
  CHILD_ALREADY_STARTED: {
    meaning: 'The supervisor has a living child of that id.',
    remedy: 'Use the child that is there (its address is in the facts), or choose another id.',
  },
  CHILD_ALREADY_PRESENT: {
    meaning: 'The supervisor keeps the spec of an ended child of that id.',
    remedy: 'Start that child again with restartChild, or remove its spec with deleteChild first.',
  },
  NO_SUCH_CHILD: {
    meaning: 'The supervisor has no child of that id.',
    remedy: 'List its children with whichChildren.',
  },
  CHILD_RUNNING: {
    meaning: 'What was asked for needs a child that has ended, and this one runs.',
    remedy: 'Stop it with terminateChild first.',
  },
  CHILD_RESTARTING: {
    meaning: 'What was asked for needs a child that has ended, and this one is about to be restarted.',
    remedy: 'Wait until it runs, or give it up with terminateChild.',
  },
  ESSENTIAL_FAILED: {
    meaning: 'An actor that its node cannot do without failed for good.',
    remedy: 'Read the reason; restart the node when its cause is removed.',
  },
  INIT_FAILED: { meaning: 'The init function of the definition threw.', remedy: 'Read the cause.' },
  // Wire.
  BAD_FRAME: {
    meaning: 'A frame from another executor or node could not be decoded.',
    remedy: 'Check that all nodes run the same version; the sample in the log names the sender.',
  },
  FRAME_TOO_LARGE: {
    meaning: 'A message is larger than the limit for one message.',
    remedy: 'Split it, or pass a reference to the data.',
  },
  TRANSPORT_FAILED: {
    meaning: 'The connection to NATS could not be made or was lost.',
    remedy: 'Check the NATS url and that the server answers.',
  },
  NATS_SERVER_MISSING: {
    meaning: 'No nats-server program was found.',
    remedy: 'Install it (Debian: `apt-get install nats-server`) or point SKEP_NATS_SERVER at it.',
  },
  PORT_IN_USE: {
    meaning: 'Another program listens on that port.',
    remedy: 'Choose another port or stop that program.',
  },
  NODE_NAME_TAKEN: {
    meaning: 'Another living node of the cluster has that name.',
    remedy: 'Give each node its own --name.',
  },
  NODE_START_FAILED: {
    meaning: 'A node process ended or stayed silent before it was ready.',
    remedy: 'Read the log file named in the message.',
  },
  // What actors persist.
  STORE_MISSING: {
    meaning: 'The definition persists what it does, and its node has no store.',
    remedy:
      'Give the system a store: `store: { path }`, or `store: memoryStore()` in tests. Nodes of a cluster have one unless `store.sync` is `off`.',
  },
  STORE_IN_USE: {
    meaning: 'Another process, or another system of this one, has the folder of the store open.',
    remedy: 'Stop that process, or give each node a folder of its own.',
  },
  STORE_CORRUPT: {
    meaning: 'A file or a record of the store is damaged or missing.',
    remedy: 'Move the folder named in the message away and restore it from a backup; see docs/persistence.md.',
  },
  STORE_FAILED: {
    meaning: 'A write or flush failed, or the store is closed; it answers nothing until it is opened again.',
    remedy: 'Look for a full or failing disk, then start the node again.',
  },
  STORE_TIMEOUT: {
    meaning: 'The store did not answer within its time limit; whether the write was done is not known.',
    remedy: 'Retry with the same id; the actor restarts and reads back what was written.',
  },
  STORE_BUSY: {
    meaning: 'More writes wait for the store than its queue takes; this one was not made.',
    remedy: 'Retry later, or write less.',
  },
  STORE_FENCED: {
    meaning: 'Another activation has taken over what this actor writes under its key.',
    remedy: 'Nothing to do for this actor: it ends. Send to the one that lives now.',
  },
  BAD_EVENT: {
    meaning: 'A stored event or snapshot cannot be read by this version of the definition.',
    remedy: 'Correct `apply`, `migrate` or `schema` of the definition; what is stored was not changed.',
  },
  // Configuration and command line.
  BAD_CONFIG: { meaning: 'A configuration value is not allowed.', remedy: 'Correct the value at the path named.' },
  BAD_USAGE: { meaning: 'The command line is wrong.', remedy: 'See --help of the command.' },
  NO_CLUSTER: {
    meaning: 'No running cluster was found or none answered.',
    remedy: 'Start one with `skep up`, or name its server with --nats.',
  },
  CLUSTER_RUNNING: {
    meaning: 'A cluster of that name already runs from this data directory.',
    remedy: 'Stop it with `skep down`, or choose another name with --cluster.',
  },
  CLUSTER_FAILED: {
    meaning: 'No node of a cluster is left, or its server ended, and starting again did not help.',
    remedy: 'Read the log files named in the message.',
  },
  // The swarm.
  UNKNOWN_SKILL: { meaning: 'No agent has that skill.', remedy: 'Load the module that defines it on the nodes.' },
  UNKNOWN_TEMPLATE: { meaning: 'No job template of that name is known.', remedy: 'Choose one of the names listed.' },
  BAD_GRAPH: { meaning: 'The task graph is not valid.', remedy: 'Correct the stage named in the message.' },
  TASK_FAILED: {
    meaning: 'A task failed on every attempt that its retries allow.',
    remedy: 'Read the cause; the task and its input are in the facts.',
  },
  NO_MAJORITY: {
    meaning: 'Agents derived different claims for one task, and no claims found a majority.',
    remedy: 'Run it again with more agents; the log of the task named in the facts shows who derived what.',
  },
  JOB_CANCELLED: { meaning: 'The job was cancelled.', remedy: 'Nothing to do: it was asked for.' },
  // The audit.
  NOT_A_REPOSITORY: {
    meaning: 'The path is not the root or a folder of a git repository.',
    remedy: 'Name a folder that git knows, or run `git init` there.',
  },
  PATH_UNREADABLE: {
    meaning: 'A path does not exist or may not be read.',
    remedy: 'Check the path and its permissions.',
  },
  OUTPUT_UNWRITABLE: {
    meaning: 'The output folder cannot be written.',
    remedy: 'Choose another folder with --out, or correct its permissions.',
  },
  GIT_FAILED: { meaning: 'A git command failed.', remedy: 'Run the command named in the facts by hand.' },
  BAD_BASELINE: {
    meaning: 'The baseline file is not one that skep wrote.',
    remedy: 'Write a new one with --write-baseline.',
  },
  // Models.
  UNKNOWN_MODEL: {
    meaning: 'No model of that name is configured or loaded.',
    remedy: 'List the models with `skep model list`; load one with `skep model load`.',
  },
  MODEL_FILE_BAD: {
    meaning: 'A model file is no GGUF that can be loaded: damaged, cut off, or of a kind that is not supported.',
    remedy: 'Fetch or make the file again; the message says what is wrong with it.',
  },
  MODEL_QUARANTINED: {
    meaning: 'Loading or running this model file ended its process twice; it is not tried again.',
    remedy: 'Replace the file, or lift the quarantine with `skep model load --force`.',
  },
  MODEL_FAILED: {
    meaning: 'The process of the model ended before the answer was complete; it starts again by itself.',
    remedy: 'Ask again.',
  },
  MODEL_BUSY: {
    meaning: 'The queue of the model is full, in requests or in tokens; nothing was accepted.',
    remedy: 'Ask again after retryAfterMs of the facts.',
  },
  MODEL_UNAVAILABLE: {
    meaning: 'The model is loading, starting again or going away, or the program that runs it is not installed.',
    remedy: 'Ask again after retryAfterMs of the facts, or do what the message says.',
  },
  CONTEXT_OVERFLOW: {
    meaning: 'Prompt and answer do not fit the context of the model; nothing is cut off silently.',
    remedy: 'Shorten the prompt, lower maxTokens, or take a model with a larger context.',
  },
  OUT_OF_MEMORY: {
    meaning: 'The model needs more memory than is free.',
    remedy: 'Unload another model, or lower its context or sequences.',
  },
  BAD_SCHEMA: {
    meaning: 'A JSON schema cannot be turned into a grammar: too deep, too large, or of a form not supported.',
    remedy: 'Simplify the part of the schema named in the message.',
  },
  BAD_ANSWER: {
    meaning: 'The model or its provider answered with something that is not what was asked for.',
    remedy: 'Ask again; if it repeats, the facts have a sample of the answer.',
  },
  ANSWER_GONE: {
    meaning: 'The answer that was to be taken up again is not kept any more.',
    remedy: 'Ask again with a new id.',
  },
  BUDGET_SPENT: {
    meaning: 'The budget that pays for this request has too little left.',
    remedy: 'Raise the budget, or ask for fewer tokens.',
  },
  PROVIDER_REFUSED: {
    meaning: 'The provider of the model refused the request: key, rights, or content.',
    remedy: 'Read the message of the provider; check the key and the name of the model.',
  },
  PROVIDER_FAILED: {
    meaning: 'The provider of the model could not be reached or failed, and trying again did not help.',
    remedy: 'Check its url and its status; ask again later.',
  },
  PROVIDER_LIMITED: {
    meaning: 'The provider of the model limits how often it may be asked.',
    remedy: 'Ask again after retryAfterMs of the facts.',
  },
  CIRCUIT_OPEN: {
    meaning: 'The provider failed several times in a row; it is left alone for a while.',
    remedy: 'Ask again after retryAfterMs of the facts, or route to another model.',
  },
  // Simulation and tests.
  BAD_PLAN: {
    meaning: 'The file is not a plan of a simulation.',
    remedy: 'Name a file that `skep simulate` wrote, or correct what the message says about it.',
  },
  TEST_STUCK: {
    meaning: 'What a test waits for does not come: its system has nothing left to do, or never comes to rest.',
    remedy: 'Read the last steps in the message: they show who waits for whom, or what goes round in a circle.',
  },
  INTERNAL: {
    meaning: 'An error that has no code of its own: a defect of skep or of a handler.',
    remedy: 'Run again with --debug and report what it prints.',
  },
} as const satisfies Record<string, CatalogueEntry>;

/** A stable error code. */
export type ErrorCode = keyof typeof errorCatalogue;

/** Facts of an error: plain data, never a secret, safe to print and to send. */
export type ErrorFacts = Readonly<Record<string, unknown>>;

/** The form of an error on the wire and in `--json`. */
export interface WireError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly facts?: ErrorFacts;
}

/** An operating failure with a stable code, its facts as fields and, where there is one, the cause. */
export class SkepError extends Error {
  override readonly name = 'SkepError';
  readonly code: ErrorCode;
  readonly facts: ErrorFacts;

  constructor(code: ErrorCode, message: string, facts: ErrorFacts = {}, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.facts = facts;
  }

  /** What to do about it, from the catalogue. */
  get remedy(): string {
    return errorCatalogue[this.code].remedy;
  }
}

/** Whether a string is one of the catalogue's codes. */
export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && Object.hasOwn(errorCatalogue, value);
}

/** Any thrown value in wire form. A value without a code becomes `fallback` (default `INTERNAL`). */
export function toWireError(thrown: unknown, fallback: ErrorCode = 'INTERNAL'): WireError {
  if (thrown instanceof SkepError) {
    return { code: thrown.code, message: thrown.message, facts: thrown.facts };
  }
  return { code: fallback, message: thrown instanceof Error ? thrown.message : String(thrown) };
}

/** The error that a wire form stands for. An unknown code (a newer peer) becomes `INTERNAL` and keeps the text. */
export function fromWireError(wire: WireError): SkepError {
  return isErrorCode(wire.code)
    ? new SkepError(wire.code, wire.message, wire.facts ?? {})
    : new SkepError('INTERNAL', `${String(wire.code)}: ${wire.message}`, wire.facts ?? {});
}

/** Marks a switch as exhaustive; reaching it is a broken invariant. */
export function unreachable(value: never): never {
  throw new Error(`unreachable: ${JSON.stringify(value)}`);
}
