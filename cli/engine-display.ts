import { stripVTControlCharacters } from 'node:util';
import { containsUnknown, isDefaultProvider, urnName, urnType } from '../engine';
import type { EngineEvent, Operation, StepOp, StepRecord, UpdateResult } from '../engine';
import { LiveTree } from './live-tree';
import { operationJson } from './operation-json';
import { diffNote, propertyDiff, shortValue } from './property-diff';
import { colorsFor, duration } from './terminal';

export interface DisplayOptions {
  /** Show property diffs. */
  readonly diff?: boolean;
  readonly showSecrets?: boolean;
  /** Print nothing but, at the end, one JSON document. */
  readonly json?: boolean;
  readonly suppressOutputs?: boolean;
  /** Show the halves of a replacement in previews, too. */
  readonly showReplacementSteps?: boolean;
  /** Show what does not change. */
  readonly showSames?: boolean;
  /** Default: standard output. */
  readonly stream?: NodeJS.WriteStream;
}

/** Words for a step, by what is being done: in a preview, under way, done. */
const WORDS: Partial<Record<StepOp, readonly [string, string, string]>> = {
  create: ['create', 'creating', 'created'],
  update: ['update', 'updating', 'updated'],
  delete: ['delete', 'deleting', 'deleted'],
  replace: ['replace', 'replacing', 'replaced'],
  'create-replacement': ['create replacement', 'creating replacement', 'created replacement'],
  'delete-replaced': ['delete original', 'deleting original', 'deleted original'],
  read: ['read', 'reading', 'read'],
  'read-replacement': ['read replacement', 'reading replacement', 'read replacement'],
  refresh: ['refresh', 'refreshing', 'refreshed'],
  import: ['import', 'importing', 'imported'],
  discard: ['discard', 'discarding', 'discarded'],
  'discard-replaced': ['discard original', 'discarding original', 'discarded original'],
  'remove-pending-replace': ['forget', 'forgetting', 'forgotten'],
};

export const SYMBOLS: Partial<Record<StepOp, string>> = {
  create: '+ ',
  update: '~ ',
  delete: '- ',
  replace: '+-',
  'create-replacement': '++',
  'delete-replaced': '--',
  read: '> ',
  'read-replacement': '>+',
  refresh: '~ ',
  import: '= ',
  discard: '< ',
  'discard-replaced': '< ',
  'remove-pending-replace': '~ ',
};

/** Ops that are halves of a replacement. */
const HALVES: readonly StepOp[] = ['create-replacement', 'delete-replaced', 'read-replacement', 'discard-replaced'];

const TITLES: Record<Operation, readonly [string, string]> = {
  preview: ['Previewing update', 'Previewing update'],
  update: ['Previewing update', 'Updating'],
  destroy: ['Previewing destroy', 'Destroying'],
  refresh: ['Previewing refresh', 'Refreshing'],
  import: ['Previewing import', 'Importing'],
};

const isStackFrame = (line: string): boolean => /^\s+at .+/.test(line);

/** Shows an operation: a live tree on a terminal, plain lines elsewhere, one JSON document on request. */
export class EngineDisplay {
  private readonly stream: NodeJS.WriteStream;
  private readonly colors;
  private readonly tree: LiveTree | undefined;
  private readonly diagnostics: Extract<EngineEvent, { kind: 'diagnostic' }>[] = [];
  private readonly lines: string[] = [];
  private preview = false;
  private refresh = false;

  constructor(private readonly options: DisplayOptions = {}) {
    this.stream = options.stream ?? process.stdout;
    this.colors = colorsFor(this.stream);
    const live = this.stream.isTTY && !options.json && !options.diff && process.env['TERM'] !== 'dumb';
    this.tree = live ? new LiveTree(this.stream, this.colors) : undefined;
  }

  readonly onEvent = (event: EngineEvent): void => {
    switch (event.kind) {
      case 'prelude':
        this.preview = event.preview;
        this.refresh = event.operation === 'refresh';
        this.say(
          this.colors.bold(this.colors.magenta(`${TITLES[event.operation][event.preview ? 0 : 1]} (${event.stack}):`)),
        );
        return;
      case 'step-start':
      case 'step-done':
      case 'step-failed':
        return this.step(event);
      case 'diagnostic':
        return this.diagnostic(event);
      case 'line':
        return this.line(event);
      case 'summary':
        return this.summary(event.result);
      case 'outputs':
    }
  };

  /** Takes the live tree away. Harmless when there is none, or called twice. */
  close(): void {
    this.tree?.close();
  }

  private say(text: string): void {
    if (!this.options.json) this.stream.write(`${text}\n`);
  }

  private step(event: Extract<EngineEvent, { kind: 'step-start' | 'step-done' | 'step-failed' }>): void {
    const { step } = event;
    if (isDefaultProvider(step.urn)) return;
    if (this.preview && HALVES.includes(step.op) && !this.options.showReplacementSteps) return;
    const words = WORDS[step.op];
    const status = !words
      ? ''
      : event.kind === 'step-failed'
        ? this.colors.red(`${words[1]} failed`)
        : event.kind === 'step-start'
          ? words[this.preview ? 0 : 1]
          : words[this.preview ? 0 : 2];
    if (this.tree) {
      this.tree.set(step.urn, {
        symbol: this.painted(step.op),
        type: step.type,
        name: step.name,
        parent: (step.new ?? step.old)?.parent ?? '',
        status,
        note: event.kind === 'step-done' ? diffNote(step) : '',
        running: event.kind === 'step-start',
        shown:
          (step.op !== 'same' || this.options.showSames === true) && !(this.refresh && event.kind === 'step-start'),
      });
      return;
    }
    if (step.op === 'same' && this.options.showSames && event.kind === 'step-done') {
      this.say(`    ${step.type} ${step.name}`);
      return;
    }
    if (!words || step.op === 'refresh') return;
    const provided = step.op !== 'read' && (step.new ?? step.old)?.custom === true;
    if (event.kind === 'step-start' && (this.preview || !provided || this.options.diff)) return;
    const took = event.kind === 'step-start' || event.elapsedMs < 1000 ? '' : ` (${duration(event.elapsedMs)})`;
    this.say(` ${this.painted(step.op)} ${step.type} ${step.name} ${status}${took}`);
    if (this.options.diff && event.kind === 'step-done' && step.op !== 'create-replacement') this.showDiff(step);
  }

  private painted(op: StepOp): string {
    const { green, red, yellow, magenta, cyan } = this.colors;
    const paint: Partial<Record<StepOp, (text: string) => string>> = {
      create: green,
      'create-replacement': green,
      update: yellow,
      delete: red,
      'delete-replaced': red,
      replace: magenta,
      read: cyan,
      import: cyan,
    };
    return (paint[op] ?? ((text: string): string => text))(SYMBOLS[op] ?? '  ');
  }

  private showDiff(step: StepRecord): void {
    const lines = propertyDiff(step, this.colors, {
      refresh: this.refresh,
      showSecrets: this.options.showSecrets === true,
    });
    for (const line of lines) this.say(line);
  }

  private diagnostic(event: Extract<EngineEvent, { kind: 'diagnostic' }>): void {
    if (event.ephemeral) {
      if (event.urn !== undefined) this.tree?.note(event.urn, event.message);
      return;
    }
    this.diagnostics.push(event);
    if (this.tree) {
      if (event.urn !== undefined)
        this.tree.note(event.urn, `${event.severity}: ${event.message.split('\n')[0] ?? ''}`);
      return;
    }
    this.say(this.diagnosticText(event, '    '));
  }

  private line({ source, stream, text }: Extract<EngineEvent, { kind: 'line' }>): void {
    if (source === 'provider' && isStackFrame(text)) return;
    // What Airlock's providers write there are warnings: failures come as failures.
    const warns = source === 'provider' && stream === 'stderr' && text.trim() !== '';
    const shown = warns ? `${this.colors.yellow('warning:')} ${text}` : text;
    if (this.tree || this.options.json) this.lines.push(this.options.json ? text : shown);
    else this.say(`    ${shown}`);
  }

  private diagnosticText(event: Extract<EngineEvent, { kind: 'diagnostic' }>, indent: string): string {
    const paint = {
      error: this.colors.red,
      warning: this.colors.yellow,
      info: this.colors.blue,
      debug: this.colors.dim,
    }[event.severity];
    const about = event.urn === undefined ? '' : `${urnType(event.urn)} (${urnName(event.urn)}): `;
    // The SDK colours the stack of a program's exception whatever it is printed on.
    const message = this.colors.isColorSupported ? event.message : stripVTControlCharacters(event.message);
    return message
      .trimEnd()
      .split('\n')
      .map((line, i) => `${indent}${i === 0 ? `${about}${paint(`${event.severity}:`)} ` : '  '}${line}`)
      .join('\n');
  }

  private summary(result: UpdateResult): void {
    this.close();
    if (this.options.json) {
      const { showSecrets = false } = this.options;
      this.stream.write(operationJson(result, { diagnostics: this.diagnostics, output: this.lines, showSecrets }));
      return;
    }
    if (this.tree) {
      this.stream.write(this.tree.final());
      if (this.diagnostics.length + this.lines.length > 0) {
        this.say(`\n${this.colors.bold('Diagnostics:')}`);
        for (const line of this.lines) this.say(`    ${line}`);
        for (const event of this.diagnostics) this.say(this.diagnosticText(event, '  '));
      }
    }
    this.outputs(result);
    this.counts(result);
    this.say(`\n${this.colors.bold('Duration:')} ${duration(result.durationMs)}\n`);
  }

  private outputs(result: UpdateResult): void {
    const entries = Object.entries(result.outputs);
    if (entries.length === 0 || result.operation === 'destroy' || this.options.suppressOutputs) return;
    this.say(`\n${this.colors.bold('Outputs:')}`);
    const width = Math.max(...entries.map(([key]) => key.length));
    for (const [key, value] of entries.sort(([a], [b]) => (a < b ? -1 : 1))) {
      if (result.preview && containsUnknown(value)) this.say(`    ${key.padEnd(width)}: [unknown]`);
      else this.say(`    ${key.padEnd(width)}: ${shortValue(value, this.options.showSecrets)}`);
    }
  }

  private counts(result: UpdateResult): void {
    this.say(`\n${this.colors.bold('Resources:')}`);
    let changed = false;
    for (const [op, count] of Object.entries(result.summary) as [StepOp, number][]) {
      const words = WORDS[op];
      if (op === 'same' || op === 'read' || !words) continue;
      changed = true;
      this.say(`    ${this.painted(op)}${count} ${result.preview ? `to ${words[0]}` : words[2]}`);
    }
    const same = result.summary.same ?? 0;
    if (same > 0 || !changed) this.say(`    ${same} unchanged`);
  }
}
