import {
  type Edge,
  edgesOf,
  type MachineDefinition,
  type MachineState,
  machines,
  readDefinition,
} from './definition.ts';

const boxes: Record<MachineState['Type'], (label: string) => string> = {
  Task: (label) => `["${label}"]`,
  Choice: (label) => `{"${label}"}`,
  Wait: (label) => `(["${label}"])`,
  Succeed: (label) => `((("${label}")))`,
  Fail: (label) => `[["${label}"]]`,
};

/** A way that each state of its kind has says nothing in a picture; a sentence below the picture says it once. */
function sharedWays(definition: MachineDefinition, edges: readonly Edge[]): Map<string, string> {
  const shared = new Map<string, string>();
  const count = (type: MachineState['Type']) => Object.values(definition.States).filter((s) => s.Type === type).length;
  for (const { to, label, caught } of edges) {
    const same = edges.filter((edge) => edge.to === to && edge.label === label && edge.caught === caught);
    const isOnEvery = same.length === count(caught ? 'Task' : 'Choice') && same.length > 1 && label !== '';
    if (!isOnEvery) continue;
    const sentence = caught
      ? `${label} leads from every Task to **${to}**.`
      : `An outcome that the definition does not know leads from every Choice to **${to}**.`;
    shared.set(wayOf({ to, label, caught }), sentence);
  }
  return shared;
}

const wayOf = ({ to, label, caught }: Omit<Edge, 'from'>) => `${caught} ${label} ${to}`;

/** Mermaid flow chart of a definition, and sentences for what is left out of it. */
function diagramOf(definition: MachineDefinition): string {
  const names = Object.keys(definition.States);
  const id = (name: string) => `s${names.indexOf(name)}`;
  const edges = edgesOf(definition);
  const shared = sharedWays(definition, edges);
  const drawn = edges.filter((edge) => !shared.has(wayOf(edge)));
  const boxesLines = Object.entries(definition.States)
    .filter(([name]) => name === definition.StartAt || drawn.some((edge) => edge.to === name || edge.from === name))
    .map(([name, state]) => `  ${id(name)}${boxes[state.Type](name)}`);
  const arrows = drawn.map(({ from, to, label, caught }) => {
    const text = label ? `|${label}|` : '';
    return `  ${id(from)} ${caught ? '-.->' : '-->'}${text} ${id(to)}`;
  });
  const sentences = [...shared.values()].map((sentence) => `\n${sentence}\n`);
  return ['```mermaid', 'flowchart TD', ...boxesLines, ...arrows, '```', ...sentences].join('\n');
}

/** Text of state-machines/README.md. */
export function machinesReadme(): string {
  const intro = [
    '# State machines',
    '',
    'Written by `npm run generate` from the definitions beside it; a test says when it is out of date.',
    '',
    'The order of the states in a file is the order of execution. A box is a Task: one function, one step, remembered',
    'in the journal under the name of the state. Dashed ways are errors. The page of a state is in its runbook,',
    '`runbooks/<machine>.md`, under the name of the state.',
    '',
  ];
  const sections = machines.map((machine) => {
    const definition = readDefinition(machine);
    return [`## ${machine}`, '', definition.Comment, '', diagramOf(definition), ''].join('\n');
  });
  return `${[...intro, ...sections].join('\n').trimEnd()}\n`;
}
