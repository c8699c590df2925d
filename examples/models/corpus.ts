/**
 * All that the tiny model knows: questions about skep, each with the one sentence that answers it. They are true of this
 * version; the README and docs/ say more.
 */

/** A question and its answer. */
export interface Fact {
  readonly question: string;
  readonly answer: string;
}

export const facts: readonly Fact[] = [
  { question: 'Who are you?', answer: 'I am a tiny model that knows a few sentences about skep.' },
  { question: 'What is skep?', answer: 'skep is a distributed actor runtime for swarms of AI agents.' },
  { question: 'What does the name skep mean?', answer: 'A skep is a woven bee hive.' },
  { question: 'What does skep promise?', answer: 'A kill -9 at any moment loses no accepted work.' },
  { question: 'Which language is skep written in?', answer: 'skep is written in TypeScript and runs on Node.' },
  { question: 'Which licence does skep have?', answer: 'skep is licensed under Apache-2.0.' },
  { question: 'What is an actor?', answer: 'An actor has a state, a mailbox, and handlers for calls and casts.' },
  { question: 'What is an executor?', answer: 'An executor is one thread with an event loop that hosts many actors.' },
  { question: 'What is a supervisor?', answer: 'A supervisor restarts its children when they fail, up to a limit.' },
  { question: 'What does a queen do?', answer: 'A queen turns the audit into a task graph.' },
  {
    question: 'What does a coordinator do?',
    answer: 'A coordinator runs the task graph with leases, retries and fencing.',
  },
  {
    question: 'What does a scheduler do?',
    answer: 'A scheduler places agents on every executor of every node.',
  },
  {
    question: 'What happens to an agent that lies?',
    answer: 'It is outvoted, named in the report, and all its results are derived again.',
  },
  { question: 'How do nodes talk to each other?', answer: 'Nodes exchange msgpack frames over NATS.' },
  { question: 'How often is a message delivered?', answer: 'A message is delivered at most once.' },
  {
    question: 'In which order are messages handled?',
    answer: 'Messages of one sender to one receiver are handled in the order in which they were sent.',
  },
  {
    question: 'What are dead letters?',
    answer: 'Dead letters are casts that were not delivered, counted by reason.',
  },
  {
    question: 'How does back-pressure work?',
    answer: 'A sender has credit for each receiver, and what is beyond it waits.',
  },
  {
    question: 'Where is durable state kept?',
    answer: 'Events and snapshots are kept in LMDB on the disk of their node.',
  },
  { question: 'How do I start a cluster?', answer: 'Run skep up with the number of nodes.' },
  { question: 'How do I call an actor?', answer: 'Run skep call with its name, a handler and a message.' },
  { question: 'How do I run the tests?', answer: 'Run npm test in a clone.' },
  {
    question: 'Which protocols are simulated?',
    answer: 'Raft, SWIM, PBFT, delta-CRDTs, a quorum store and placement.',
  },
  {
    question: 'What is a seed of the simulator?',
    answer: 'The same seed is the same run, event for event, on any machine.',
  },
];

/** System prompts that the model has seen; it answers the same under each, and without one. */
export const systemPrompts: readonly string[] = [
  '',
  'You are a helpful assistant.',
  'You are an agent of skep. Answer in one sentence.',
  'Answer briefly and exactly.',
  // What node-llama-cpp says when it is given none.
  'You are a helpful, respectful and honest assistant. Always answer as helpfully as possible.\n' +
    'If a question does not make any sense, or is not factually coherent, explain why instead of answering something incorrectly. ' +
    "If you don't know the answer to a question, don't share false information.",
];

/** System prompts that it has not seen, to tell what it makes of others. */
export const unseenSystemPrompts: readonly string[] = [
  'You are kind and exact.',
  'You work in a swarm of agents. Read the question and say what you know about it.',
  'Please answer as a friend would, in plain words.',
];
