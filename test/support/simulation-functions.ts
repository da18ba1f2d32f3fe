import { z } from 'zod';
import { StepInput, type StepOutput, TickInput } from '../../lib/contracts/step.ts';
import type { World } from '../../lib/ports/world.ts';
import { awaitApproval } from '../../lib/steps/await-approval.ts';
import { beginByPolicy } from '../../lib/steps/begin-op.ts';
import { captureConfiguration } from '../../lib/steps/capture-configuration.ts';
import { chooseSnapshot } from '../../lib/steps/choose-snapshot.ts';
import { closeOp } from '../../lib/steps/close-op.ts';
import { exportSnapshot } from '../../lib/steps/export-snapshot.ts';
import { fenceSite } from '../../lib/steps/fence-site.ts';
import { giveBack } from '../../lib/steps/give-back.ts';
import { giveGrant } from '../../lib/steps/give-grant.ts';
import { holdOp } from '../../lib/steps/hold-op.ts';
import { importOfState } from '../../lib/steps/import-snapshot.ts';
import { judgeAgain } from '../../lib/steps/judge-again.ts';
import { judgePair } from '../../lib/steps/judge-pair.ts';
import { pagePeople } from '../../lib/steps/page-people.ts';
import { prepareSite } from '../../lib/steps/prepare-site.ts';
import { promoteSite } from '../../lib/steps/promote-site.ts';
import { publishAges } from '../../lib/steps/publish-ages.ts';
import { reconcilePair } from '../../lib/steps/reconcile-pair.ts';
import { standDown } from '../../lib/steps/stand-down.ts';
import { performStep, type StepDefinition, type StepResult } from '../../lib/steps/step.ts';
import { performTickStep, type TickContext } from '../../lib/steps/tick.ts';
import { verifySite } from '../../lib/steps/verify-site.ts';
import { verifySnapshot } from '../../lib/steps/verify-snapshot.ts';
import { withdrawGrant } from '../../lib/steps/withdraw-grant.ts';

/** Body of a function: what its handler does between parsing and returning. */
export type FunctionBody = (world: World, payload: unknown) => Promise<StepOutput>;
export type Definer = (state: string, reason: string) => StepDefinition;

const CaughtError = z.object({ Error: z.string(), Cause: z.string().default('') });
const InputWithError = StepInput.extend({ error: CaughtError.optional() });
const BeginInput = TickInput.extend({ decision: z.enum(['prepare', 'fail-over']), because: z.string() });
const PageInput = TickInput.extend({ decision: z.string(), because: z.string() });

const reasonOf = (error: z.infer<typeof CaughtError> | undefined) =>
  error ? `${error.Error}: ${error.Cause}` : 'the state machine asked for it';

/** A state of an op, as its handler runs it. */
export const stepFunction =
  (define: Definer): FunctionBody =>
  (world, payload) => {
    const input = InputWithError.parse(payload);
    return performStep(world, input, define(input.state, reasonOf(input.error)));
  };

const tickFunction =
  (run: (context: TickContext, tickAt: string) => Promise<StepResult>): FunctionBody =>
  (world, payload) => {
    const input = TickInput.parse(payload);
    return performTickStep(world, input, (context) => run(context, input.tickAt));
  };

/** What stands behind `${...}` of the state machines. */
export const functionBodies: Readonly<Record<string, FunctionBody>> = {
  judgePair: (world, payload) => judgePair(world, TickInput.parse(payload)),
  reconcilePair: (world, payload) => {
    TickInput.parse(payload);
    return reconcilePair(world);
  },
  beginOp: (world, payload) => beginByPolicy(world, BeginInput.parse(payload)),
  pagePeople: (world, payload) => pagePeople(world, PageInput.parse(payload)),
  captureConfiguration: tickFunction(captureConfiguration),
  exportSnapshot: tickFunction(exportSnapshot),
  verifySnapshot: tickFunction(verifySnapshot),
  publishAges: tickFunction(publishAges),
  prepareSite: stepFunction(() => prepareSite),
  chooseSnapshot: stepFunction(() => chooseSnapshot),
  importSnapshot: stepFunction((state) => importOfState(state)),
  awaitApproval: stepFunction(() => awaitApproval),
  judgeAgain: stepFunction(() => judgeAgain),
  withdrawGrant: stepFunction(() => withdrawGrant),
  fenceSite: stepFunction(() => fenceSite),
  giveGrant: stepFunction(() => giveGrant),
  promoteSite: stepFunction(() => promoteSite),
  verifySite: stepFunction(() => verifySite),
  closeOp: stepFunction(() => closeOp),
  giveBack: stepFunction((_state, reason) => giveBack(reason)),
  standDown: stepFunction((_state, reason) => standDown(reason)),
  holdOp: stepFunction((_state, reason) => holdOp(reason)),
};
