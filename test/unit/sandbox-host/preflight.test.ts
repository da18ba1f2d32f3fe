import { describe, expect, it } from 'vitest';
import * as errors from '../../../sandbox/host/errors.ts';
import {
  checkDisk,
  checkMemory,
  checkNode,
  checkPlatform,
  checkPort,
  checkVenv,
  choosePython,
  NEEDED_DISK_BYTES,
  NEEDED_DISK_BYTES_WHEN_INSTALLED,
  NEEDED_MEMORY_BYTES,
} from '../../../sandbox/host/preflight.ts';

const python = (command: string, version: string) => ({ command, version });

describe('choosePython', () => {
  it('takes the first one that Airflow runs on', () => {
    const found = [python('python3.12', '3.12.4'), python('python3.11', '3.11.9')];

    expect(choosePython(found)).toEqual(found[0]);
    expect(choosePython([python('python3', '3.13.1'), python('python3.11', '3.11.9')])).toMatchObject({
      version: '3.11.9',
    });
  });

  it('says that there is none', () => {
    expect(choosePython([])).toMatchObject({ name: 'PythonMissingError', exitCode: 10 });
  });

  it.each(['3.9.2', '3.10.14', '3.13.0', '3.110.0', '2.7.18'])('refuses Python %s and names it', (version) => {
    const verdict = choosePython([python('python3', version)]);

    expect(verdict).toMatchObject({ name: 'PythonVersionError', exitCode: 11 });
    expect(verdict).toHaveProperty('message', expect.stringContaining(`python3 is ${version}`));
  });
});

describe('checkVenv', () => {
  it('names the package to install when a trial fails', () => {
    expect(checkVenv(python('python3', '3.11.2'), undefined)).toBeUndefined();
    expect(checkVenv(python('python3', '3.11.2'), 'ensurepip is not available')).toMatchObject({
      name: 'VenvMissingError',
      exitCode: 12,
      fix: expect.stringContaining('python3.11-venv'),
    });
  });
});

describe('checkDisk', () => {
  it('needs less where everything is installed already', () => {
    expect(checkDisk(NEEDED_DISK_BYTES, false, '/state')).toBeUndefined();
    expect(checkDisk(NEEDED_DISK_BYTES - 1, false, '/state')).toMatchObject({ name: 'DiskSpaceError', exitCode: 13 });
    expect(checkDisk(NEEDED_DISK_BYTES - 1, true, '/state')).toBeUndefined();
    expect(checkDisk(NEEDED_DISK_BYTES_WHEN_INSTALLED - 1, true, '/state')?.message).toContain('/state');
  });
});

describe('checkMemory', () => {
  it('refuses below what two environments need', () => {
    expect(checkMemory(NEEDED_MEMORY_BYTES)).toBeUndefined();
    expect(checkMemory(NEEDED_MEMORY_BYTES - 1)).toMatchObject({ name: 'MemoryError', exitCode: 14 });
  });
});

describe('checkPort', () => {
  it('refuses a taken port and names it', () => {
    expect(checkPort(8080, false)).toBeUndefined();
    expect(checkPort(8080, true)).toMatchObject({ name: 'PortTakenError', exitCode: 15 });
    expect(checkPort(8080, true)?.message).toContain('8080');
  });
});

describe('checkNode', () => {
  it.each(['v22.18.0', 'v24.0.0', 'v30.1.2'])('accepts %s', (version) => {
    expect(checkNode(version)).toBeUndefined();
  });

  it.each(['v20.20.2', 'v22.17.9', 'v18.0.0'])('refuses %s', (version) => {
    expect(checkNode(version)).toMatchObject({ name: 'NodeVersionError', exitCode: 16 });
  });
});

describe('checkPlatform', () => {
  it('tells a machine we do not know from a package that is missing', () => {
    expect(checkPlatform('linux', 'x64', true)).toBeUndefined();
    expect(checkPlatform('darwin', 'arm64', true)).toBeUndefined();
    expect(checkPlatform('win32', 'x64', true)?.message).toContain('win32-x64');
    expect(checkPlatform('linux', 'arm64', false)?.fix).toContain('npm ci');
  });
});

describe('errors of the host', () => {
  it('have a name, a fix and an exit code each of their own', () => {
    const classes = Object.values(errors).filter((each) => each !== errors.SandboxHostError);
    const made = classes.map((ErrorClass) => new ErrorClass({ cause: 'It broke.', fix: 'Mend it.' }));

    expect(new Set(made.map(({ exitCode }) => exitCode)).size).toBe(classes.length);
    expect(made.map(({ name }) => name)).toEqual(classes.map(({ name }) => name));
    for (const error of made) expect(error.message).toBe('It broke.\n  Fix: Mend it.');
  });
});
