import type { OperationOptions, UpdateResult } from '../engine';
import { confirm, mustAsk } from './ask';
import { EngineDisplay } from './engine-display';
import { interruptible } from './engine-options';
import type { OperationFlags } from './engine-flags';
import { colorsFor } from './terminal';
import { propertyDiff } from './property-diff';

/** An operation as a command offers it: looked at first, then done. */
export interface Offered {
  /** The command's name, for messages. */
  readonly command: string;
  readonly flags: OperationFlags & { readonly previewOnly?: boolean };
  readonly options: OperationOptions;
  readonly question: string;
  /** Does it, or only says what it would do. */
  readonly work: (options: OperationOptions, preview: boolean) => Promise<UpdateResult>;
  /** What is said after a preview. */
  readonly afterPreview?: (result: UpdateResult, signal: AbortSignal) => Promise<void>;
}

/**
 * Previews, asks, and goes on, as `pulumi` does: `--yes` goes on without asking, `--skip-preview` without a preview, and
 * `--preview-only` not at all. With `--json` only the operation itself is told of. Answers its result, if it was done.
 */
export async function offer(offered: Offered): Promise<UpdateResult | undefined> {
  const { flags, options, question, work, afterPreview } = offered;
  const only = flags.previewOnly === true;
  const ask = mustAsk(flags, offered.command);
  return interruptible(async signal => {
    const show = async (preview: boolean): Promise<UpdateResult> => {
      const display = new EngineDisplay(flags);
      try {
        return await work({ ...options, onEvent: display.onEvent, signal }, preview);
      } finally {
        display.close();
      }
    };
    let preview: UpdateResult | undefined;
    if (only || (!flags.skipPreview && !flags.json)) {
      preview = await show(true);
      await afterPreview?.(preview, signal);
    }
    if (only) return undefined;
    if (ask) await confirm(question, preview && (() => details(preview, flags)));
    return show(false);
  });
}

/** The properties a preview would change. */
function details(result: UpdateResult, flags: OperationFlags): void {
  const colors = colorsFor(process.stderr);
  for (const step of result.changes) {
    if (step.op === 'same') continue;
    const refresh = result.operation === 'refresh';
    const lines = propertyDiff(step, colors, { refresh, showSecrets: flags.showSecrets === true });
    process.stderr.write(`  ${step.op} ${step.type} ${step.name}\n${lines.map(line => `${line}\n`).join('')}`);
  }
}
