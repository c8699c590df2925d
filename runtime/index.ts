/** The front door of the runtime: what an application author needs to define, spawn and talk to actors on one node. */
export type { ActorAddress } from '#protocols/wire/address';
export type { ExitReason, FailureClass, RestartPolicy, ShutdownPolicy } from '#protocols/wire/envelope';
export { SkepError, type ErrorCode } from '#protocols/wire/error';
export type { CallMany, CallManyOptions, CallOutcome } from './actor/call-many.js';
export type { ActorContext, ChildOptions, SpawnOptions, SubscribeOptions } from './actor/context.js';
export {
  type ActorDefaults,
  type AnyDefinition,
  type ArgsOf,
  defineActor,
  type Definition,
  type DefinitionMailbox,
  type Info,
} from './actor/definition.js';
export { ActorFailure, type HandlerFailureClass } from './actor/failure.js';
export type { DurableState, EventSourcing, PersistenceContext, PersistOptions } from './actor/persistence.js';
export type { ReliableOptions } from './delivery/options.js';
export { castFace, type CastHandlers } from './actor/face.js';
export type { EnterContext, PhaseContext, PhaseSpec } from './actor/phases.js';
export type { ActorRef, CallOptions, CastOptions } from './actor/ref.js';
export type { ReplyToken } from './actor/reply-token.js';
export type { DefinitionSummary } from './actor/registry.js';
export type { ActorInspection } from './executor/inspect.js';
export type { ListedDeadLetter } from './executor/operator.js';
export type { ReloadedDefinition } from './executor/reload.js';
export type { ActorSummary, DefinitionReport, ExecutorReport } from './executor/report.js';
export type { FlowReport } from './flow/flow-control.js';
export type { ExecutorDeath } from './executor/death.js';
export type { ExtensionHost, ExtensionSpec, InstallExtension } from './executor/extension.js';
export type { FrameLink } from './executor/outbox.js';
export { checkChildSpecs, type CheckedChildSpec, type ChildSpec } from './supervision/child-spec.js';
export type { ChildStatus } from './supervision/children.js';
export type { Backoff, RestartIntensity } from './supervision/intensity.js';
export type { AutoShutdown, FailureAnswer, Strategy, SupervisionOptions } from './supervision/options.js';
export {
  type ChildCounts,
  type ChildEntry,
  defineSupervisor,
  type DynamicSupervisorSpec,
  type SupervisorSpec,
} from './supervision/supervisor.js';
export { applicationTree, renderTree, type SupervisionTree, type TreeNode } from './supervision/tree.js';
export type { SchedulingOptions, ThreadSettings } from './executor/thread-options.js';
export type { CastOutcome } from './flow/outcome.js';
export type { MailboxOptions, OverflowPolicy } from './mailbox/mailbox.js';
export type { Priority, PriorityRule } from './mailbox/priority.js';
export { defineOffload, type OffloadOptions, type OffloadSettings, type OffloadTask } from './offload/offload.js';
export type { LatencySummary } from './telemetry/histogram.js';
export type { Metric, MetricSample } from './telemetry/metrics.js';
export type { DefinitionLoad, SlowTurn } from './telemetry/turn-meter.js';
export type { ActorGroups, GroupOptions, Groups } from './groups/groups.js';
export type { Pool, PoolOptions } from './pool/pool.js';
export type { PoolSize } from './pool/pool-actor.js';
export type { PressureOptions } from './pool/pressure.js';
export type { RouteeSource, Router } from './routing/router.js';
export type { RouterOptions, RoutingKey } from './routing/strategy.js';
export { type MemoryStore, memoryStore, type MemoryStoreOptions } from './store/memory.js';
export type { StoreOptions } from './store/node-store.js';
export type { Durability } from './store/store.js';
export { type LogFacts, type Logger, type LogLevel, type LogOptions } from './telemetry/log.js';
export type { DeadLetterQuery, NodePlace, NodeReports, ReplayOptions } from './operate.js';
export type { ReplayOutcome, ReplayResult } from '#protocols/wire/operator';
export type { DeadLetter, DeadLetterReason } from './telemetry/dead-letters.js';
export { type FinishedSpan, MemoryTracer } from './telemetry/memory-tracer.js';
export type { TelemetryOptions, TraceOptions } from './telemetry/options.js';
export type { Span, SpanStart, Tracer } from './telemetry/tracer.js';
export type { ReloadReport } from './reload-report.js';
export { ActorSystem } from './system.js';
export type { SystemOptions } from './system-options.js';
