/** The front door of the runtime: what an application author needs to define, spawn and talk to actors on one node. */
export type { ActorAddress } from '#protocols/wire/address';
export type { ExitReason, FailureClass, RestartPolicy } from '#protocols/wire/envelope';
export { SkepError, type ErrorCode } from '#protocols/wire/error';
export type { CallMany, CallManyOptions, CallOutcome } from './actor/call-many.js';
export type { ActorContext, SpawnOptions, SubscribeOptions } from './actor/context.js';
export {
  type ActorDefaults,
  type AnyDefinition,
  type ArgsOf,
  defineActor,
  type Definition,
  type Info,
  type SupervisionOptions,
} from './actor/definition.js';
export { castFace, type CastHandlers } from './actor/face.js';
export type { ActorRef, CallOptions } from './actor/ref.js';
export type { DefinitionSummary } from './actor/registry.js';
export type { ActorInspection } from './executor/inspect.js';
export type { ListedDeadLetter } from './executor/operator.js';
export type { ActorSummary, DefinitionReport, ExecutorReport } from './executor/report.js';
export type { ExecutorDeath } from './executor/death.js';
export type { ExtensionHost, ExtensionSpec, InstallExtension } from './executor/extension.js';
export type { FrameLink } from './executor/outbox.js';
export type { SchedulingOptions, ThreadSettings } from './executor/thread-options.js';
export type { RestartIntensity } from './supervision/intensity.js';
export type { LatencySummary } from './telemetry/histogram.js';
export type { DefinitionLoad, SlowTurn } from './telemetry/turn-meter.js';
export type { ActorGroups, GroupOptions, Groups } from './groups/groups.js';
export type { RouteeSource, Router } from './routing/router.js';
export type { RouterOptions, RoutingKey } from './routing/strategy.js';
export { type LogFacts, type Logger, type LogLevel, type LogOptions } from './telemetry/log.js';
export type { NodePlace, NodeReports, ReplayOptions } from './operate.js';
export type { ReplayOutcome, ReplayResult } from '#protocols/wire/operator';
export type { DeadLetter, DeadLetterReason } from './telemetry/dead-letters.js';
export { type FinishedSpan, MemoryTracer } from './telemetry/memory-tracer.js';
export type { TelemetryOptions, TraceOptions } from './telemetry/options.js';
export type { Span, SpanStart, Tracer } from './telemetry/tracer.js';
export { ActorSystem, type SystemOptions } from './system.js';
