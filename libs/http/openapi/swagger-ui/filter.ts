/**
 * A plugin of Swagger UI, as the text of a script: the filter finds operations by group, method, path, summary and id, opens the groups of
 * those that it finds, and says so where it finds none.
 */
export const FILTER_PLUGIN = String.raw`const SEARCHED = 'group, method, path, summary and id';
const FilterPlugin = ({ React }) => {
  const phraseOf = (filter) => (typeof filter === 'string' ? filter.trim() : '');
  const words = (phrase) => phrase.toLowerCase().split(/\s+/);
  const isFound = (operation, tag, phrase) => {
    const { summary, operationId } = operation.get('operation').toObject();
    const text = [tag, operation.get('method'), operation.get('path'), summary, operationId].join(' ').toLowerCase();
    return words(phrase).every((word) => text.includes(word));
  };
  return {
    fn: {
      opsFilter: (groups, filter) => {
        const phrase = phraseOf(filter);
        if (phrase === '') return groups;
        return groups
          .map((group, tag) =>
            group.update('operations', (operations) =>
              operations.filter((operation) => isFound(operation, tag, phrase)),
            ),
          )
          .filter((group) => group.get('operations').size > 0);
      },
    },
    wrapComponents: {
      FilterContainer: (Original, { layoutSelectors, layoutActions }) => () =>
        React.createElement(
          'div',
          { className: 'filter-container' },
          React.createElement(
            'section',
            { className: 'filter wrapper' },
            React.createElement('input', {
              className: 'operation-filter-input',
              type: 'search',
              'aria-label': 'Filter operations by ' + SEARCHED,
              placeholder: 'Filter by ' + SEARCHED,
              value: phraseOf(layoutSelectors.currentFilter()) === '' ? '' : layoutSelectors.currentFilter(),
              onChange: ({ target }) => layoutActions.updateFilter(target.value),
            }),
          ),
        ),
      operations: (Original, { layoutSelectors, specSelectors }) => (props) => {
        const phrase = phraseOf(layoutSelectors.currentFilter());
        if (phrase === '' || specSelectors.taggedOperations().size > 0) return React.createElement(Original, props);
        return React.createElement(
          'p',
          { className: 'wrapper nothing-found', role: 'status' },
          'No operation matches “' + phrase + '”: ' + SEARCHED + ' of each were searched for all its words.',
        );
      },
    },
    statePlugins: {
      layout: {
        wrapSelectors: {
          isShown: (original) => (state, thing, byDefault) =>
            original(thing, (thing[0] === 'operations-tag' && phraseOf(state.get('filter')) !== '') || byDefault),
        },
      },
    },
  };
};
`;
