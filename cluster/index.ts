/** The front door of the cluster: what a program needs to run a node of its own. */
export { ClusterNode, type MembershipTiming, type NodeOptions } from './node.js';
export { members, MEMBERS_NAME, type NodeInfo } from './membership/members.js';
export type { NatsOptions } from './transport/nats-options.js';
export { MemoryBus } from './transport/memory.js';
export type { Lane, Transport, TransportAddress } from './transport/port.js';
