def make(table): pass
