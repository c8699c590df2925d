/**
 * The sections that say where a node lives and whom it reaches: `cluster`, `node` and `nats`.
 */
import * as z from 'zod';
import { crossField, type Host, nameForm, nameText, option, plainText, plainTextForm, whole } from '../option.js';

/** Most executors of one node; each is a thread with its own heap, so more than this is a typing mistake. */
const MAX_EXECUTORS = 256;

/** A thread may be held up this long by a collection of garbage alone. */
const LEAST_STALL_MS = 50;
/** A day. */
const MAX_STALL_MS = 86_400_000;
/** Below this an executor does not fit. */
const LEAST_HEAP_MB = 16;
const MAX_HEAP_MB = 1_048_576;

export const cluster = z.strictObject({
  name: option(nameText(), {
    text: 'Name of the cluster. Nodes of different names never see each other, even on one NATS server.',
    form: nameForm,
    default: 'default',
  }),
});

/** The first part of the host name, in characters that a node name may have. */
function hostPart(host: Host): string {
  const part = (host.hostname.split('.')[0] ?? '').replace(/[^A-Za-z0-9_-]+/g, '-').slice(0, 59);
  return part === '' ? 'local' : part;
}

const labels = z
  .record(z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/), z.string().max(256))
  .refine((value) => Object.keys(value).length <= 64);

export const node = z.strictObject({
  name: option(nameText(), {
    text: 'Name of this node, unique in its cluster. Give each node its own when several run on one machine.',
    form: nameForm,
    computed: { words: '`node-` and the first part of the host name', value: (host) => `node-${hostPart(host)}` },
  }),
  dataDir: option(plainText(), {
    text: 'Folder for the state of the node (logs, run files), relative to the working directory. Created when missing.',
    form: `a path, ${plainTextForm}`,
    default: '.skep',
  }),
  executors: option(whole(1, MAX_EXECUTORS), {
    text: 'Worker threads that host actors. More than the cores only adds switching; fewer leaves cores idle.',
    computed: {
      words: 'cores - 1, at least 1',
      value: (host) => Math.min(MAX_EXECUTORS, Math.max(1, host.cores - 1)),
    },
  }),
  stallMs: option(
    whole(0, MAX_STALL_MS).refine((value) => value === 0 || value >= LEAST_STALL_MS),
    {
      text: 'Time for which a thread may be stuck before it is ended and its actors restart. Too short ends slow work; 0 never.',
      unit: 'ms',
      form: `0, or a whole number from ${LEAST_STALL_MS} to ${MAX_STALL_MS}`,
      default: 30_000,
    },
  ),
  slowTurnMs: option(whole(0, MAX_STALL_MS), {
    text: 'A handler that holds up its thread for this long is logged and reported. 0 reports none.',
    unit: 'ms',
    default: 100,
  }),
  executorHeapMb: option(z.exactOptional(whole(LEAST_HEAP_MB, MAX_HEAP_MB)), {
    text: 'Limit of the heap of each worker thread, Buffers not counted; a thread over it is replaced. Without it Node decides.',
    unit: 'MiB',
  }),
  threadDeaths: option(whole(0, 10_000), {
    text: 'Deaths of worker threads within a minute that the node survives. One more ends it, for the cluster to take over.',
    unit: 'deaths',
    default: 5,
  }),
  labels: option(z.exactOptional(labels), {
    text: 'Labels of the node, such as `zone: a`, which the whole cluster sees. Set as a whole: a higher layer replaces all.',
    form: 'a mapping of at most 64 labels to text of at most 256 characters (in a variable: a JSON object)',
  }),
});

/** Whether a text is the URL of one NATS server: a scheme we speak, a host, and nothing after the port. */
function isNatsUrl(text: string): boolean {
  if (!/^(nats|tls):\/\/[\x21-\x7e]+$/.test(text) || !URL.canParse(text)) return false;
  const url = new URL(text);
  const host = /^([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])$/.test(url.hostname);
  return host && /^\/?$/.test(url.pathname) && url.search === '' && url.hash === '';
}

const pathForm = `a path, ${plainTextForm}`;

const tls = z
  .strictObject({
    caFile: option(z.exactOptional(plainText()), {
      text: 'PEM file of the authority that signed the certificate of the server. Without it the system list counts.',
      form: pathForm,
    }),
    certFile: option(z.exactOptional(plainText()), {
      text: 'PEM file of the certificate that this node shows. Needs `nats.tls.keyFile`.',
      form: pathForm,
    }),
    keyFile: option(z.exactOptional(plainText()), {
      text: 'PEM file of the key of that certificate. Needs `nats.tls.certFile`.',
      form: pathForm,
    }),
  })
  .superRefine((value, context) => {
    if (value.certFile !== undefined && value.keyFile === undefined) {
      context.addIssue(crossField('certFile', 'nats.tls.keyFile', 'a certificate needs its key: set nats.tls.keyFile'));
    }
    if (value.keyFile !== undefined && value.certFile === undefined) {
      context.addIssue(
        crossField('keyFile', 'nats.tls.certFile', 'a key needs its certificate: set nats.tls.certFile'),
      );
    }
  });

export const nats = z
  .strictObject({
    url: option(z.exactOptional(z.string().max(2048).refine(isNatsUrl)), {
      text: 'Server that carries the messages between nodes. Without it a node stays alone, or `skep up` starts a server.',
      form: 'a URL such as nats://host:4222 or tls://user:password@host:4222',
      secret: 'url',
    }),
    serverPath: option(z.exactOptional(plainText()), {
      text: 'The `nats-server` program that skep starts when it needs one. Without it the program is looked up on PATH.',
      form: pathForm,
      alias: 'SKEP_NATS_SERVER',
    }),
    user: option(z.exactOptional(plainText()), { text: 'User name for the NATS server.', form: plainTextForm }),
    password: option(z.exactOptional(plainText()), {
      text: 'Password of that user. Needs `nats.user`. Prefer the environment or `${VAR}` to writing it in a file.',
      form: plainTextForm,
      secret: 'whole',
    }),
    token: option(z.exactOptional(plainText()), {
      text: 'Token for a NATS server that asks for one.',
      form: plainTextForm,
      secret: 'whole',
    }),
    credsFile: option(z.exactOptional(plainText()), {
      text: 'Credentials file (JWT and seed) for a NATS server with accounts.',
      form: pathForm,
    }),
    tls,
  })
  .superRefine((value, context) => {
    if (value.password !== undefined && value.user === undefined) {
      context.addIssue(crossField('password', 'nats.user', 'a password needs its user: set nats.user'));
    }
  });
