import type { WatchRecord } from './reconciler';

/** The record in the text format of Prometheus (0.0.4). */
export function metricsText(record: WatchRecord): string {
  const { succeeded, failed, triggers, running, lastDuration, totalDuration, lastSuccess } = record;
  return [
    metric('airlock_watch_updates_total', 'counter', 'Updates that ended, by result', [
      ['{result="succeeded"}', succeeded],
      ['{result="failed"}', failed],
    ]),
    metric(
      'airlock_watch_triggers_total',
      'counter',
      'Updates that began, by what asked for them',
      Object.entries(triggers).map(([name, count]) => [`{trigger="${name}"}`, count]),
    ),
    metric('airlock_watch_update_running', 'gauge', '1 while an update runs', [['', running ? 1 : 0]]),
    metric('airlock_watch_update_seconds_total', 'counter', 'Time spent in updates', [['', totalDuration / 1000]]),
    metric('airlock_watch_last_update_seconds', 'gauge', 'How long the last update took', [['', lastDuration / 1000]]),
    metric('airlock_watch_last_success_timestamp_seconds', 'gauge', 'When an update went well last; 0: never', [
      ['', (lastSuccess ?? 0) / 1000],
    ]),
  ].join('');
}

function metric(
  name: string,
  type: 'counter' | 'gauge',
  help: string,
  samples: readonly (readonly [labels: string, value: number])[],
): string {
  const lines = samples.map(([labels, value]) => `${name}${labels} ${value}`);
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...lines, ''].join('\n');
}
