/**
 * A plugin of Swagger UI, as the text of a script: ids in paths are filled in with those that were last created, listed or used. An id that
 * the reader has typed stays. Those of one organization are forgotten with it.
 */
export const KNOWN_IDS_PLUGIN = String.raw`const KnownIdsPlugin = ({ React }) => {
  const STORED = 'stowage.ids';
  const followers = new Set();
  const filled = new Set();
  let ids = JSON.parse(localStorage.getItem(STORED) ?? '{}');

  const keep = (next) => {
    ids = next;
    localStorage.setItem(STORED, JSON.stringify(ids));
    followers.forEach((follow) => follow());
  };
  const learn = (name, id) => {
    if (ids[name] !== id) keep(name === 'organizationId' ? { [name]: id } : { ...ids, [name]: id });
  };
  const forget = (name) => keep(name === 'organizationId' ? {} : { ...ids, [name]: undefined });

  /** The name that paths give to the ids of an answer, by its schema: clusterId for Cluster, NewCluster, QueuedCluster and ClusterPage. */
  const nameOf = (operation) => {
    const success = operation.get('responses').find((_, status) => status.startsWith('2'));
    const schema = success?.getIn(['content', 'application/json', 'schema', '$ref'])?.split('/').at(-1);
    const kind = schema?.match(/^(?:New|Queued)?(\w+?)(?:Page)?$/)[1];
    return kind && kind[0].toLowerCase() + kind.slice(1) + 'Id';
  };

  const learnFrom = (operation, path, method, { url, body }) => {
    const used = new URL(url, location.href).pathname.split('/');
    const names = path.split('/').flatMap((part, i) => (part.startsWith('{') ? [[part.slice(1, -1), used[i]]] : []));
    names.forEach(([name, id]) => learn(name, decodeURIComponent(id)));
    if (method === 'delete' && names.length > 0) forget(names.at(-1)[0]);
    const name = nameOf(operation);
    const answered = (body?.items ?? [body]).flatMap((each) => (typeof each?.id === 'string' ? [each.id] : []));
    if (name && answered.length > 0 && !answered.includes(ids[name])) learn(name, answered[0]);
  };

  const KnownId = (Original) => (props) => {
    const { rawParam, pathMethod, specSelectors, onChange } = props;
    const known = React.useSyncExternalStore(
      (follow) => (followers.add(follow), () => followers.delete(follow)),
      () => (rawParam.get('in') === 'path' ? ids[rawParam.get('name')] : undefined),
    );
    React.useEffect(() => {
      const value = specSelectors.parameterWithMetaByIdentity(pathMethod, rawParam)?.get('value');
      const isTyped = value && value !== rawParam.getIn(['schema', 'example']) && !filled.has(value);
      if (!known || isTyped) return;
      filled.add(known);
      if (known !== value) onChange(rawParam, known);
    }, [known]);
    return React.createElement(Original, props);
  };

  return {
    wrapComponents: { parameterRow: KnownId },
    statePlugins: {
      spec: {
        wrapActions: {
          setResponse: (original, { specSelectors }) => (path, method, response) => {
            const operation = specSelectors.specJson().getIn(['paths', path, method]);
            if (response.ok) learnFrom(operation, path, method, response);
            return original(path, method, response);
          },
        },
      },
    },
  };
};
`;
