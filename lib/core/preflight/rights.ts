import { namesOf } from '../../contracts/names.ts';
import { type Check, sides } from './check.ts';
import { listed } from './deployment.ts';
import type { MissingRight } from './facts.ts';

const functionRoles: Check = {
  id: 'function-roles',
  title: 'each function may do what its step needs',
  proves:
    'IAM is asked, for every function, whether its role allows each action on each resource that the product grants it ' +
    '(iam:SimulatePrincipalPolicy; nothing is done). A right that is missing would stop an op half way.',
  fix: 'Deploy the stacks again. If the right is still missing, a boundary or a policy of the organization takes it away.',
  needs: ['rights'],
  judge({ see, fail }) {
    const missing = see('rights')?.missing ?? [];
    for (const [who, rights] of Map.groupBy(missing, (right) => right.who)) {
      const role = rights[0]?.roleArn ?? '';
      fail({
        found: `function ${who} may not ${listed(rights.map(asText))}`,
        cause: causeOf(rights, role),
        fix: `deploy its stack again; then: aws iam simulate-principal-policy --policy-source-arn ${role} --action-names ${rights[0]?.action} --resource-arns '${rights[0]?.resource}'`,
      });
    }
  },
};

const asText = ({ action, resource }: Pick<MissingRight, 'action' | 'resource'>): string => `${action} on ${resource}`;

function causeOf(rights: readonly Pick<MissingRight, 'decision'>[], role: string): string {
  if (rights.some(({ decision }) => decision === 'no-role')) return `its role ${role} does not exist`;
  const denied = rights.some(({ decision }) => decision === 'explicitDeny');
  return denied
    ? `a policy denies it to ${role}: its own, its boundary or one of the organization`
    : `no policy of ${role} allows it`;
}

const executionRoles: Check = {
  id: 'execution-roles',
  title: 'the helper DAGs may use bucket and key on both sites',
  proves:
    'The execution role of each site exists, MWAA may assume it, and the bucket and the key of the site admit it and ' +
    'nothing denies it. The helper DAGs run with this role: without it there is no export here and no import there.',
  fix: 'Correct `executionRoleArn` in the configuration and deploy the site’s stack again: bucket and key name the role.',
  needs: ['executionRole'],
  judge({ seeSite, fail, config }) {
    for (const side of sides) {
      const role = seeSite('executionRole', side);
      const arn = config.sites[side].executionRoleArn;
      if (role === undefined) continue;
      if (role === null) {
        fail({
          found: `execution role ${arn} of site ${side} does not exist`,
          cause: 'it was deleted, or executionRoleArn of the configuration is wrong',
          fix: 'create the role, or correct the configuration, and deploy the site’s stack again',
        });
        continue;
      }
      if (role.notTrusted.length > 0) {
        fail({
          found: `${listed(role.notTrusted)} may not assume execution role ${arn} of site ${side}`,
          cause: 'its trust policy does not name the services of MWAA',
          fix: `add ${role.notTrusted.join(' and ')} to the trust policy: aws iam update-assume-role-policy`,
        });
      }
      if (role.missing.length > 0) {
        const { keyAlias, siteBucket } = namesOf(config);
        fail({
          found: `execution role ${arn} of site ${side} may not ${listed(role.missing.map(asText))}`,
          cause: role.missing.some(({ decision }) => decision === 'explicitDeny')
            ? 'a policy denies it: its own, its boundary or one of the organization'
            : `neither a policy of the role nor that of ${siteBucket(side)} or ${keyAlias} allows it`,
          fix: `deploy the stack of site ${side} again (docs/deploying.md); its bucket and key then admit the role`,
        });
      }
    }
  },
};

export const rightsChecks: readonly Check[] = [functionRoles, executionRoles];
