package synthetic

import (
	"bufio"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"firewolf/mapping/cart"
)

// mappingYAML says of the files that they are about nobody.
const mappingYAML = "# No person stands behind these files.\nversion: 1\ntest_data: true\n"

// WriteCSV writes the canonical files of a cohort into a folder, with a mapping file that says that they are test data.
func WriteCSV(ctx context.Context, dir string, s Source) error {
	if err := os.WriteFile(filepath.Join(dir, "mapping.yaml"), []byte(mappingYAML), 0o644); err != nil {
		return fmt.Errorf("writing the cohort: %w", err)
	}
	files := map[string]*table{}
	err := openTables(dir, files)
	if err == nil {
		err = fill(ctx, files, s)
	}
	for _, t := range files {
		err = errors.Join(err, t.close())
	}
	if err != nil {
		return fmt.Errorf("writing the cohort: %w", err)
	}
	return nil
}

// table is one file that is written.
type table struct {
	file *os.File
	buf  *bufio.Writer
	w    *csv.Writer
}

func openTables(dir string, files map[string]*table) error {
	for _, i := range cart.Instruments() {
		f, err := os.Create(filepath.Join(dir, i.Name+".csv"))
		if err != nil {
			return err
		}
		buf := bufio.NewWriterSize(f, 256<<10)
		t := &table{f, buf, csv.NewWriter(buf)}
		files[i.Name] = t
		header := make([]string, len(i.Columns))
		for k, c := range i.Columns {
			header[k] = c.Name
		}
		if err := t.w.Write(header); err != nil {
			return err
		}
	}
	return nil
}

func fill(ctx context.Context, files map[string]*table, s Source) error {
	for c, err := range s.Cases(ctx) {
		if err != nil {
			return err
		}
		for _, r := range c.Rows {
			if err := files[r.Name].w.Write(r.Cells); err != nil {
				return err
			}
		}
	}
	return ctx.Err()
}

func (t *table) close() error {
	t.w.Flush()
	return errors.Join(t.w.Error(), t.buf.Flush(), t.file.Close())
}
