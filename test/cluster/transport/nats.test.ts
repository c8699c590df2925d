/** The adapter over a real nats-server keeps the contract, and comes back from what happens to servers. */
import t from 'tap';
import { connectServices, connectTransport } from '#cluster/transport/connect';
import type { Transport, TransportAddress } from '#cluster/transport/port';
import { startNatsServer } from '#cluster/transport/nats-server';
import { withNats } from '#test/test/support/nats';
import { bytesOf, inboxOf, transportContract } from './contract.js';
import { eventually } from './eventually.js';
