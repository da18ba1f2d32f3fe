const OPERAND = '(?:[0-9a-hjkmnp-tv-z]{26}|<op>)';
const COMMANDS = [
  'plan failover',
  'status',
  'doctor(?: --only \\S+)?',
  'history',
  'adopt',
  'pause (?:--end|--for \\S+ --reason "[^"]*")',
  'failover --reason "[^"]*"',
  `(?:report|approve|resume|acknowledge) ${OPERAND}`,
].join('|');
const COMMAND = new RegExp(`\\blifeboat (?:${COMMANDS})(?! --(?:config|sandbox)\\b)`, 'g');

/**
 * The text with `addressing` behind every command in it, so that who copies one reaches the same pair. A command that
 * already has it stays as it is.
 */
export const addressed = (text: string, addressing: string): string =>
  addressing === '' ? text : text.replace(COMMAND, (command) => `${command}${addressing}`);
